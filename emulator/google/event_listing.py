"""`events.list` and `events.instances`: which entries, in which order, with which tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from emulator.common.clock import rfc3339_ms
from emulator.common.json_types import Json

from . import event_store, sync_tokens
from .errors import bad_parameter, updated_min_too_long_ago
from .event_query import EventQuery
from .event_time import parse, span
from .event_view import View
from .instances import expand, instance_body
from .model import Calendar, EventRecord
from .paging import Entry, PageShape, key_of, page_of, page_token
from .sync_tokens import Source
from .world import World

# A deleted series shows cancelled occurrences about half a year around the present.
GHOST_WINDOW = timedelta(days=183)


@dataclass(frozen=True)
class Listing:
    """One `events.list` call on one calendar."""

    world: World
    calendar: Calendar
    query: EventQuery
    view: View
    shape: PageShape

    def answer(self) -> Json:
        """The `calendar#events` object."""
        listing, since = self._with_token()
        self._check_updated_min()
        secret = self.world.state.secret
        after = key_of(secret, self.query.fingerprint, self.query.page_token)
        entries: Iterable[Entry] = listing._entries(since, after)
        if self.query.order_by is not None:
            entries = sorted(entries, key=lambda entry: entry[0])
        page = page_of(entries, after, self.shape)
        result = listing.head()
        result["items"] = [self.view.show(body) for body in page.items]
        if page.next_key is not None:
            result["nextPageToken"] = page_token(secret, self.query.fingerprint, page.next_key)
        elif self.query.gives_token:
            result["nextSyncToken"] = sync_tokens.issue(
                self.world, self._source(), listing.query.bound_json()
            )
        return result

    def _source(self) -> Source:
        calendar = self.calendar
        return Source(
            f"events:{calendar.id}",
            calendar.change_seq,
            calendar.token_epoch,
            tuple(calendar.lost_seqs),
        )

    def _with_token(self) -> tuple["Listing", int]:
        """This listing narrowed as its sync token says, and the change number to go on from."""
        if self.query.sync_token is None:
            return self, 0
        seq, bound = sync_tokens.redeem(self.world, self._source(), self.query.sync_token)
        window = {name: bound.pop(name, None) for name in ("timeMin", "timeMax")}
        if bound != self.query.bound_json():
            raise bad_parameter(
                "syncToken", "Sync token does not match the request parameters.", "invalid"
            )
        bounds = {name: text and datetime.fromisoformat(text) for name, text in window.items()}
        query = replace(self.query, time_min=bounds["timeMin"], time_max=bounds["timeMax"])
        return replace(self, query=query), seq

    def _check_updated_min(self) -> None:
        limit_s = self.world.state.settings.sync_token_max_age_s
        at = self.query.updated_min
        if at is None or limit_s is None:
            return
        if at < self.world.clock.now() - timedelta(seconds=limit_s):
            raise updated_min_too_long_ago()

    def head(self) -> Json:
        """Everything but items and tokens."""
        calendar = self.calendar
        updated = datetime.fromtimestamp(calendar.updated_ms / 1000, UTC)
        head: Json = {
            "kind": "calendar#events",
            "etag": f'"p{calendar.change_seq:x}"',
            "summary": calendar.summary,
            "updated": rfc3339_ms(updated),
            "timeZone": self.query.time_zone or calendar.timezone,
            "accessRole": self.view.role,
            "defaultReminders": [{"method": "popup", "minutes": 10}]
            if self.view.role == "owner" and calendar.id == calendar.owner
            else [],
        }
        if calendar.extra.get("description"):
            head["description"] = calendar.extra["description"]
        return head

    def _entries(self, since: int, after: tuple[object, ...] | None) -> Iterator[Entry]:
        start = since
        if self.query.order_by is None and after:
            # Keys begin with the change number; entries of `after`'s own may follow it.
            start = max(since, int(str(after[0])) - 1)
        for record in event_store.changed_since(self.calendar, start):
            if self._shows(record) and self._matches(record):
                yield from self._entries_of(record)

    def _shows(self, record: EventRecord) -> bool:
        if not record.cancelled or self.query.sync_token is not None:
            return True
        if self.query.show_deleted or self.query.updated_min is not None:
            return True
        master = self.calendar.events.get(record.series_id or "")
        return not self.query.single_events and master is not None and not master.cancelled

    def _matches(self, record: EventRecord) -> bool:
        query, body = self.query, record.former or record.body
        checks = (
            query.ical_uid is None or self._ical_uid(record) == query.ical_uid,
            not query.event_types or body.get("eventType", "default") in query.event_types,
            query.updated_min is None
            or "updated" not in record.body
            or datetime.fromisoformat(record.body["updated"]) >= query.updated_min,
            query.text is None or _mentions(body, query.text),
            _has_properties(body, "private", query.private),
            _has_properties(body, "shared", query.shared),
        )
        return all(checks)

    def _ical_uid(self, record: EventRecord) -> object:
        master = self.calendar.events.get(record.series_id or "", record)
        return (record.former or record.body).get("iCalUID") or master.body.get("iCalUID")

    def _entries_of(self, record: EventRecord) -> Iterator[Entry]:
        known = record.former or record.body
        if self.query.single_events and "recurrence" in known:
            yield from self._occurrences(record, known)
            return
        if self._in_window(record, known):
            yield self._key(record.seq, record.body), record.body
        elif self.query.sync_token is not None:
            # It may have been inside before: a baked-in window must not leave ghosts.
            yield self._key(record.seq, record.body), event_store.stub(self.world, record.body)

    def _occurrences(self, record: EventRecord, master: Json) -> Iterator[Entry]:
        zone = self.calendar.timezone
        low, high = self.query.time_min, self.query.time_max
        if record.cancelled:
            now = self.world.clock.now()
            low = max(low or now - GHOST_WINDOW, now - GHOST_WINDOW)
            high = min(high or now + GHOST_WINDOW, now + GHOST_WINDOW)
        for start in expand(master, zone, time_min=low, time_max=high):
            body = instance_body(master, start, zone)
            if body["id"] in self.calendar.events:
                continue
            shown = event_store.stub(self.world, body) if record.cancelled else body
            yield self._key(record.seq, shown), shown

    def _in_window(self, record: EventRecord, known: Json) -> bool:
        low, high = self.query.time_min, self.query.time_max
        if low is None and high is None:
            return True
        zone = self.calendar.timezone
        if "recurrence" in known:
            return next(expand(known, zone, time_min=low, time_max=high), None) is not None
        if "start" in known:
            start, end = span(known, zone)
        elif "originalStartTime" in known:
            start = end = parse(known["originalStartTime"], zone).instant()
        else:
            return True
        instantaneous = timedelta(microseconds=1) if end == start else timedelta(0)
        return (high is None or start < high) and (low is None or end + instantaneous > low)

    def _key(self, seq: int, body: Json) -> tuple[object, ...]:
        if self.query.order_by == "updated":
            return (body.get("updated", ""), seq, body["id"])
        if self.query.order_by == "startTime":
            return (_begin(body, self.calendar.timezone), body["id"])
        return (seq, body["id"]) if self.query.single_events else (seq,)


def _begin(body: Json, calendar_zone: str) -> str:
    """A sortable start; a tombstone without any comes first."""
    begin = body.get("start") or body.get("originalStartTime")
    return parse(begin, calendar_zone).instant().isoformat() if begin else ""


def _mentions(body: Json, text: str) -> bool:
    """Free text search over title, description, place and guests."""
    guests = [
        f"{guest.get('displayName', '')} {guest['email']}" for guest in body.get("attendees", ())
    ]
    fields = [str(body.get(name, "")) for name in ("summary", "description", "location")]
    haystack = " ".join(fields + guests).lower()
    return all(word in haystack for word in text.lower().split())


def _has_properties(body: Json, group: str, pairs: tuple[str, ...]) -> bool:
    """All given `key=value` pairs must match (the discovery document's reading)."""
    held = body.get("extendedProperties", {}).get(group, {})
    split = (pair.partition("=") for pair in pairs)
    return all(held.get(key) == value for key, _, value in split)
