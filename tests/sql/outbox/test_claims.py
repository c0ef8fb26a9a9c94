"""Who may deliver what, and when: leases, fairness, limits, and what was never read."""

import pytest

from tests.sql.blocks.world import World, event, hours

MANY = 2000
_FILL = """
    with made as (
      insert into busy_blocks (user_id, id, source_calendar_id, source_event_key, occurrence_key,
        target_calendar_id, tag, title, start_at, end_at)
      select %s, gen_random_uuid(), %s, 'filling', n::text, %s,
        concat_ws(':', 'calsync:b', calsync_installation(), repeat('0', 16),
                  lpad(n::text, 16, '0')),
        'Busy', calsync_now() + interval '1 hour', calsync_now() + interval '2 hours'
      from generate_series(1, %s) n
      returning id, target_calendar_id)
    select queue_writes(%s, 'busy_block', jsonb_agg(jsonb_build_object(
      'id', id, 'calendar_id', target_calendar_id, 'action', 'create'))) from made
"""


def _fill(world: World, target: str, writes: int) -> None:
    """So many blocks are to be created in a calendar."""
    world.rows(_FILL, world.ann, world.id("home"), world.id(target), writes, world.ann)


def _claimed(world: World, limit: int, batch: int, budget: int = 100_000) -> dict[str, int]:
    """How many writes of each calendar one worker leases."""
    claims = world.rows(
        "select * from claim_provider_writes('worker', %s, %s, 60, 2, %s)", limit, batch, budget
    )
    names = [claim["provider_calendar_id"] for claim in claims]
    return {name: names.count(name) for name in set(names)}


def test_a_large_change_holds_up_nobody_else(world: World) -> None:
    _fill(world, "work", MANY)
    world.later(minutes=1)
    _fill(world, "club", 1)
    assert _claimed(world, limit=2, batch=50) == {"work": 50, "club": 1}


def test_calendars_with_a_lease_count_for_their_account(world: World) -> None:
    world.add_calendar("second", account="work")
    world.add_calendar("third", account="work")
    world.settle()
    for name in ("work", "second", "third"):
        _fill(world, name, 10)
        world.later(seconds=1)
    assert _claimed(world, limit=5, batch=5) == {"work": 5, "second": 5}
    assert _claimed(world, limit=5, batch=5) == {}, "two calendars of the account are served"
    world.later(seconds=61)
    assert set(_claimed(world, limit=5, batch=5)) == {"work", "second"}


def test_no_more_than_the_calls_of_the_minute(world: World) -> None:
    _fill(world, "work", MANY)
    world.later(minutes=1)
    assert _claimed(world, limit=5, batch=50, budget=60) == {"work": 30}
    assert _claimed(world, limit=5, batch=50, budget=60) == {"work": 15}, "half of what is left"


def test_a_calendar_that_was_not_read_lately_gets_nothing_new(world: World) -> None:
    world.put("home", event("old", hours(2)))
    world.settle()
    world.rows("update calendar_sync_states set read_epoch = 'before the restart'")
    world.put("home", event("old", hours(3)), event("new", hours(5)))
    world.sync("home")
    world.rows("update calendar_sync_states set read_epoch = 'before the restart'")
    claims = world.claim_writes()
    assert [claim["provider_event_id"] is None for claim in claims] == [False, False], "updates"
    world.settle_writes(claims)
    world.sync("work", "club")
    assert [claim["provider_event_id"] for claim in world.claim_writes()] == [None, None]


def test_whoever_lost_the_lease_settles_nothing(world: World) -> None:
    world.put("home", event("one", hours(2)))
    world.sync("home")
    first = world.claim_writes()
    world.later(seconds=61)
    second = world.claim_writes()
    assert {claim["id"] for claim in first} == {claim["id"] for claim in second}
    assert {claim["attempts"] for claim in second} == {1}, "a dead worker counts as an attempt"
    world.settle_writes(first)
    assert world.open_writes() == ["create", "create"]
    world.settle_writes(second)
    assert world.open_writes() == []
    assert world.settle().total() == 0


def test_a_change_during_the_delivery_is_delivered_next(world: World) -> None:
    world.put("home", event("one", hours(2)))
    world.sync("home")
    claims = world.claim_writes()
    world.put("home", event("one", hours(4)))
    world.sync("home")
    assert world.claim_writes() == [], "what is being delivered is nobody else's"
    world.settle_writes(claims)
    assert world.open_writes() == ["update", "update"]
    world.deliver()
    assert [when for _, when in world.blocks("work")] == [hours(4)]


@pytest.mark.parametrize("status", ["needs_reauth", "disconnected"])
def test_nothing_is_delivered_to_an_account_without_access(world: World, status: str) -> None:
    _fill(world, "work", 1)
    world.rows(
        "update calendar_accounts set status = %s, status_reason = 'test'"
        " where provider_account_id = 'work'",
        status,
    )
    assert _claimed(world, limit=5, batch=5) == {}
