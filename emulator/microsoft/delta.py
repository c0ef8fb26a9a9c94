"""calendarView/delta: a round of pages, then a link to what changed since (api/event-delta)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import Response

from emulator.common.json_types import Json
from emulator.common.opaque import seal, unseal

from .call import Call, response
from .errors import GraphError, bad_query, bad_request, sync_state_gone
from .event_render import bare_occurrence, event
from .events_api import window
from .expansion import Shown, Window, in_window, itself
from .ids import event_id
from .model import Calendar, Item

DEFAULT_SIZE = 100
REFUSED = ("$select", "$expand", "$filter", "$orderby", "$search", "$top", "$skip", "$count")
TRACKED = "odata.track-changes"


@dataclass(frozen=True)
class Round:
    """What a token remembers: the window, and which changes it is about.

    `since`: changes up to this number are known (None: nothing is); `upto`: the round ends with
    this one; `after`: the last group shown; `born_ms`: when the token was made.
    """

    calendar: str
    start: str
    end: str
    epoch: int
    since: int | None
    upto: int
    after: str | None
    born_ms: int

    @property
    def window(self) -> Window:
        """The fixed window of this round and of all that follow it."""
        return Window(datetime.fromisoformat(self.start), datetime.fromisoformat(self.end))


@dataclass(frozen=True)
class Group:
    """Rows that share a page: an event, or everything of one series."""

    key: str
    rows: list[Json]


def delta(call: Call) -> Response:
    """One page. Errors: 400 for query options and broken tokens, 410 for dead ones."""
    calendar = call.calendar()
    for name in call.args:
        if name.lower() in REFUSED:
            raise bad_query(
                f"The query option '{name}' is not supported for change tracking over "
                "'events' in a calendar view."
            )
    state = _round(call, calendar)
    return response(_page(call, calendar, state), 200, call, TRACKED)


def _round(call: Call, calendar: Calendar) -> Round:
    text = call.args.get("$skiptoken") or call.args.get("$deltatoken")
    if text is None:
        return _first_round(call, calendar)
    payload = unseal(bytes.fromhex(call.world.store.secret), text)
    if payload is None:
        raise bad_request("Badly formed token.", "ErrorInvalidUrlQuery")
    state = Round(**payload)
    if state.calendar != calendar.id:
        raise bad_request("The token belongs to another calendar.", "ErrorInvalidUrlQuery")
    _check_alive(call, calendar, state)
    return state if "$skiptoken" in call.args else _next_round(call, calendar, state)


def _first_round(call: Call, calendar: Calendar) -> Round:
    span = window(call)
    return Round(
        calendar=calendar.id,
        start=span.start.isoformat(),
        end=span.end.isoformat(),
        epoch=calendar.epoch,
        since=None,
        upto=_visible(call, calendar),
        after=None,
        born_ms=call.world.now_ms(),
    )


def _next_round(call: Call, calendar: Calendar, state: Round) -> Round:
    since = state.upto
    if call.world.settings.delta_replays_rounds and state.since is not None:
        since = state.since
    renewed = {"since": since, "upto": max(state.upto, _visible(call, calendar)), "after": None}
    return Round(**asdict(state) | renewed | {"born_ms": call.world.now_ms()})


def _check_alive(call: Call, calendar: Calendar, state: Round) -> None:
    settings = call.world.settings
    age_s = (call.world.now_ms() - state.born_ms) / 1000
    limit = settings.delta_token_max_age_s
    if state.epoch == calendar.epoch and (limit is None or age_s <= limit):
        return
    gone: GraphError = sync_state_gone(settings.delta_gone_code)
    if settings.delta_gone_location:
        gone.headers["Location"] = f"{_address(call)}?$deltatoken="
    raise gone


def _visible(call: Call, calendar: Calendar) -> int:
    """The last change that delta knows of already: changes can lag notifications."""
    lag_ms = call.world.settings.delta_lag_ms
    if lag_ms <= 0:
        return calendar.seq
    known = call.world.clock.now() - timedelta(milliseconds=lag_ms)
    fresh = [item.seq for item in calendar.items.values() if item.modified > known]
    fresh += [gone.seq for gone in calendar.gone.values() if gone.at > known]
    return min(fresh) - 1 if fresh else calendar.seq


def _page(call: Call, calendar: Calendar, state: Round) -> Json:
    size = call.page_size(call.prefer.page_size or DEFAULT_SIZE)
    groups = _groups(call, calendar, state)
    rows: list[Json] = []
    after, more = state.after, call.empty_page
    for group in () if call.empty_page else groups:
        # A series is never split, so a page may be longer than asked for.
        if len(rows) >= size:
            more = True
            break
        rows += group.rows * (2 if call.world.settings.delta_repeats_items else 1)
        after = group.key
    answer: Json = {"@odata.context": f"{call.base}/v1.0/$metadata#Collection(event)"}
    return answer | {"value": rows} | _link(call, state, after, more)


def _link(call: Call, state: Round, after: str | None, more: bool) -> Json:
    payload = asdict(state) | {"after": after if more else None}
    token = seal(bytes.fromhex(call.world.store.secret), payload)
    name, option = ("nextLink", "$skiptoken") if more else ("deltaLink", "$deltatoken")
    return {f"@odata.{name}": f"{_address(call)}?{option}={token}"}


def _address(call: Call) -> str:
    """This function's address without the decorations that clients may call it by."""
    folder = call.address.rpartition("/")[0]
    return f"{call.base}{folder}/delta"


def _groups(call: Call, calendar: Calendar, state: Round) -> Iterator[Group]:
    """In no particular order: that of the keys, which look random."""
    for key in sorted({*calendar.items, *calendar.gone}):
        if state.after is not None and key <= state.after:
            continue
        rows = list(_rows(call, calendar, state, key))
        if rows:
            yield Group(key, rows)


def _rows(call: Call, calendar: Calendar, state: Round, key: str) -> Iterator[Json]:
    item, gone = calendar.items.get(key), calendar.gone.get(key)
    seq = item.seq if item is not None else gone.seq if gone is not None else 0
    if seq > state.upto or seq <= (state.since or 0):
        return
    if item is None:
        if gone is not None and state.since is not None:
            yield from _removed(call, gone.item, state)
        return
    shown = list(in_window(item, state.window))
    if shown:
        yield from _present(call, item, shown)
    elif state.since is not None:
        # Also for what was never inside the window: clients must ignore unknown ids.
        yield _tombstone(event_id(item, None, immutable=call.prefer.immutable))


def _present(call: Call, item: Item, shown: list[Shown]) -> Iterator[Json]:
    if item.is_series and call.world.settings.delta_shows_masters:
        yield _full(call, itself(item))
    for each in shown:
        yield bare_occurrence(each, call.prefer) if each.kind == "occurrence" else _full(call, each)


def _full(call: Call, shown: Shown) -> Json:
    return {"@odata.type": "#microsoft.graph.event"} | event(shown, call.person, call.prefer)


def _removed(call: Call, item: Item, state: Round) -> Iterator[Json]:
    immutable = call.prefer.immutable
    wanted = call.world.settings.series_removal
    # Of a version that it never saw, the client cannot know the occurrences.
    unseen = item.seq > (state.since or 0)
    if not item.is_series or unseen or wanted in ("master", "both"):
        yield _tombstone(event_id(item, None, immutable=immutable))
    if item.is_series and wanted in ("occurrences", "both"):
        for each in in_window(item, state.window):
            yield _tombstone(event_id(item, each.day, immutable=immutable))


def _tombstone(wire_id: str) -> Json:
    return {
        "@odata.type": "#microsoft.graph.event",
        "id": wire_id,
        "@removed": {"reason": "deleted"},
    }
