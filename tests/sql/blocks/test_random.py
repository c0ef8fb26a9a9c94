"""Random events, rules and hours: after quiet there is exactly one busy block for each wanted."""

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from shared.model import Organizer, When
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility
from tests.sql.blocks import world as make
from tests.sql.blocks.oracle import Oracle, span
from tests.sql.blocks.provider import Calendar
from tests.sql.blocks.world import World

NAMES = ("home", "work", "club")
Action = Callable[[World, Oracle], None]

# Half past, and never where a minute more or less would count.
starts = st.sampled_from([-1.5, 2.5, 3.5, 26.5, 27.5, 89 * 24 + 0.5, 91 * 24 + 0.5])
whens = st.one_of(
    st.builds(make.hours, starts, st.sampled_from([0, 1, 1, 1, 25])),
    st.builds(make.days, st.integers(-1, 3), st.integers(1, 2)),
)
timed = st.builds(make.hours, starts, st.just(1.0))
calendars = st.sampled_from(NAMES)
ids = st.sampled_from("abcd")


def maybe(values: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields, each with one of its values."""
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(each) for name, each in values.items()}
    )


facts = maybe(
    {
        "summary": [None, "A", "B"],
        "status": [EventStatus.CONFIRMED, EventStatus.TENTATIVE],
        "show_as": list(ShowAs),
        "visibility": [Visibility.PRIVATE, Visibility.PUBLIC],
        "self_response": list(Response),
        "event_type": ["default", "workingLocation"],
        "ical_uid": ["u1", "u2"],
        "organizer": [Organizer("boss@example.test"), Organizer("Boss@example.test")],
    }
)
skips = ("skip_free", "skip_tentative", "skip_all_day", "skip_declined", "skip_working_location")
rules = maybe({name: [True, False] for name in ("is_enabled", "copy_title", *skips)})


def forget(calendar: Calendar, name: str) -> None:
    """An event goes at its provider, with its exceptions."""
    for event_id, each in list(calendar.events.items()):
        if name in (event_id, each.series_event_id):
            calendar.drop(event_id)


def put_single(
    calendar: str, name: str, when: When, fields: dict[str, Any], world: World, _: Oracle
) -> None:
    forget(world.providers[calendar], name)
    world.put(calendar, make.event(name, when, **fields))


def put_series(
    calendar: str,
    name: str,
    first: When,
    count: int,
    fields: dict[str, Any],
    world: World,
    _: Oracle,
) -> None:
    forget(world.providers[calendar], name)
    series = make.daily(name, first, count, **{k: v for k, v in fields.items() if k != "status"})
    world.put(calendar, series)


def move_instance(
    calendar: str, name: str, n: int, hours: int | None, world: World, _: Oracle
) -> None:
    series = world.providers[calendar].events.get(name)
    if series is None or series.kind is not EventKind.SERIES or n >= len(series.occurrences):
        return
    original = series.occurrences[n].when
    when = None if hours is None else make.moved(original, hours=hours)
    world.put(calendar, make.exception(name, original, when))


def drop(calendar: str, name: str, world: World, _: Oracle) -> None:
    forget(world.providers[calendar], name)


def set_rule(source: str, target: str, rule: dict[str, bool], world: World, oracle: Oracle) -> None:
    if source != target:
        world.rule(source, target, **rule)
        oracle.rules.setdefault((source, target), {}).update(rule)


def clear_rule(source: str, target: str, world: World, oracle: Oracle) -> None:
    if oracle.rules.pop((source, target), None) is not None:
        ids = (world.id(source), world.id(target))
        world.rows("select clear_busy_block_rule(%s, %s, %s)", world.ann, *ids)


def turn(calendar: str, world: World, oracle: Oracle) -> None:
    oracle.off ^= {calendar}
    on = calendar not in oracle.off
    world.rows("update calendars set sync_enabled = %s where name = %s", on, calendar)


def pass_time(hours: int, world: World, _: Oracle) -> None:
    world.later(hours=hours)


def delete_block(calendar: str, n: int, world: World, oracle: Oracle) -> None:
    """Somebody deletes a busy block by hand."""
    blocks = world.providers[calendar].blocks(world.installation)
    if n < len(blocks) and calendar not in oracle.off:
        world.drop(calendar, blocks[n].provider_event_id)


def acting(do: Callable[..., None], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The action `do` with these arguments, still without a world."""
    return st.tuples(*arguments).map(lambda drawn: partial(do, *drawn))


actions = st.one_of(
    acting(put_single, calendars, ids, whens, facts),
    acting(put_single, calendars, ids, timed, facts),
    acting(put_series, calendars, ids, timed, st.integers(1, 4), facts),
    acting(move_instance, calendars, ids, st.integers(0, 3), st.sampled_from([None, 1, -1, 30])),
    acting(drop, calendars, ids),
    acting(set_rule, calendars, calendars, rules),
    acting(clear_rule, calendars, calendars),
    acting(turn, calendars),
    acting(pass_time, st.sampled_from([1, 5, 30])),
    acting(delete_block, calendars, st.integers(0, 2)),
)
batches = st.lists(st.lists(actions, min_size=3, max_size=10), min_size=1, max_size=4)


def settle(world: World) -> Counter[str]:
    """Everything is read, planned and written until there is nothing to do."""
    world.rows("update calendar_sync_states set blocks_due_at = calsync_now()")
    calls = world.settle()
    world.later(minutes=2)
    return calls + world.settle()


def begin_anew(world: World) -> None:
    """Ann signs up again, with three empty calendars."""
    world.rows("delete from auth.users")
    world.providers = defaultdict(Calendar)
    world.at(make.NOW)
    world.add_person()
    for name in NAMES:
        world.add_calendar(name)
        world.providers[name]
    world.settle()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=batches)
def test_exactly_the_wanted_blocks_are_there(
    empty_world: World, batches: list[list[Action]]
) -> None:
    begin_anew(empty_world)
    oracle = Oracle(empty_world.providers)
    for batch in batches:
        for act in batch:
            act(empty_world, oracle)
        settle(empty_world)
        for name in NAMES:
            wanted = oracle.blocks(name, empty_world.now)
            blocks = empty_world.blocks(name)
            there = [each for each in blocks if span(each[1])[1] > empty_world.now]
            assert Counter(there) == wanted, name
            assert name not in oracle.off or not blocks
            event("blocks" if wanted else "no blocks")
        assert settle(empty_world) == {}
        assert empty_world.open_writes() == []
