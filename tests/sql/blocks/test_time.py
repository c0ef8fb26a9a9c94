"""Series that move, blocks that end, and a horizon that moves on."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from tests.sql.blocks.world import NOW, World, daily, event, exception, hours, key_of, moved

BUSY = "🔒 Busy"
FIRST = hours(4)


def test_a_series_that_moves_is_updated_only(world: World) -> None:
    world.put("home", daily("Standup", FIRST, 10))
    assert world.settle() == {"create": 20}
    ids = world.rows("select id from busy_blocks order by id")

    world.put("home", daily("Standup", moved(FIRST, hours=1), 10))
    assert world.settle() == {"update": 20}
    assert world.rows("select id from busy_blocks order by id") == ids
    assert world.blocks("work") == [(BUSY, moved(FIRST, hours=1, days=n)) for n in range(10)]


def test_a_series_that_moves_by_a_day_moves_one_block(world: World) -> None:
    world.put("home", daily("Standup", FIRST, 10))
    world.settle()
    world.put("home", daily("Standup", moved(FIRST, days=1), 10))
    assert world.settle() == {"update": 2}
    assert world.blocks("work") == [(BUSY, moved(FIRST, days=n)) for n in range(1, 11)]


def test_a_series_that_becomes_shorter_and_longer_keeps_its_blocks(world: World) -> None:
    world.put("home", daily("Standup", FIRST, 5))
    world.settle()
    world.put("home", daily("Standup", FIRST, 3))
    assert world.settle() == {"delete": 4}
    world.put("home", daily("Standup", FIRST, 6))
    assert world.settle() == {"create": 6}


def test_occurrences_that_only_have_other_keys_are_nothing_to_write(world: World) -> None:
    """A provider may name the same instants anew, when the zone of the series changes."""
    world.put("home", daily("Standup", FIRST, 3))
    world.settle()
    world.rows("update event_occurrences set occurrence_key = 'new ' || occurrence_key")
    world.rows("select mark_blocks_due(user_id, array_agg(id)) from calendars group by user_id")
    assert world.plan_due() == 3
    assert world.open_writes() == []
    assert world.one("select count(*) from busy_blocks where occurrence_key ~ '^new '") == 6


def test_an_event_that_becomes_a_series_keeps_its_block(world: World) -> None:
    world.put("home", event("Standup", FIRST))
    world.settle()
    world.put("home", daily("Standup", FIRST, 3))
    assert world.settle() == {"create": 4}
    world.put("home", event("Standup", FIRST))
    assert world.settle() == {"delete": 4}
    assert world.blocks("work") == [(BUSY, FIRST)]


def test_an_exception_that_is_given_up_moves_its_block_back(world: World) -> None:
    """The series waits to be expanded anew: meanwhile nothing is concluded from its silence."""
    second = moved(FIRST, days=1)
    series = daily("Standup", FIRST, 3, skip=(1,))
    world.put("home", series, exception("Standup", second, moved(second, hours=2)))
    world.settle()

    world.drop("home", f"Standup_{key_of(second)}")
    world.sync("home")
    assert world.open_writes() == []
    [row] = world.rows("select event_id, content_hash from series_to_expand")
    whole = [
        {"key": key_of(when), "start_at": str(when.start_at), "end_at": str(when.end_at)}
        for when in (moved(FIRST, days=n) for n in range(3))
    ]
    world.rows(
        "select settle_expansion(%s, %s, %s, %s, %s)",
        world.ann,
        row["event_id"],
        row["content_hash"],
        NOW + timedelta(days=366),
        Jsonb(whole),
    )
    assert world.plan_due() == 1
    assert world.deliver() == {"update": 2}
    assert world.blocks("work") == [(BUSY, moved(FIRST, days=n)) for n in range(3)]


def test_the_horizon_moves_on(world: World) -> None:
    far = hours(91 * 24)
    world.put("home", event("Far", far))
    assert world.settle() == {}
    world.later(hours=11)
    assert world.plan_due() == 0
    world.later(days=2)
    assert world.plan_due() == 3
    assert world.deliver() == {"create": 2}
    assert world.blocks("work") == [(BUSY, far)]
    # Time made that block, nobody's change: it does not count as slow.
    assert world.rows("select * from block_latency") == []


def test_the_horizon_is_a_setting(world: World) -> None:
    world.put("home", event("Far", hours(10 * 24)))
    world.rows("select set_limits(3600, 5, 10, 120, 7)")
    assert world.settle() == {}
    world.rows("select set_limits(3600, 5, 10, 120, 14)")
    world.later(hours=13)
    world.plan_due()
    assert world.deliver() == {"create": 2}


def test_a_block_that_has_ended_stays(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.settle()
    world.later(hours=6)
    world.drop("home", "Lunch")
    assert world.settle() == {}
    assert world.blocks("work") == [(BUSY, FIRST)]


def test_a_block_that_has_ended_follows_its_event(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.settle()
    world.later(hours=6)
    world.put("home", event("Lunch", hours(30)))
    assert world.settle() == {"update": 2}
    assert world.blocks("work") == [(BUSY, hours(30))]


def test_a_series_moves_without_its_past(world: World) -> None:
    world.put("home", daily("Standup", FIRST, 5))
    world.settle()
    world.later(days=2)
    world.put("home", daily("Standup", moved(FIRST, hours=1), 5))
    assert world.settle() == {"update": 6}
    past = [(BUSY, moved(FIRST, days=n)) for n in range(2)]
    coming = [(BUSY, moved(FIRST, hours=1, days=n)) for n in range(2, 5)]
    assert world.blocks("work") == [*past, *coming]


def test_a_block_goes_while_nobody_has_written_it(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.sync_all()
    assert world.open_writes() == ["create", "create"]
    world.drop("home", "Lunch")
    world.sync_all()
    assert world.rows("select * from busy_blocks") == []
    assert world.deliver() == {}


def test_an_event_comes_back_before_its_block_is_deleted(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.settle()
    world.drop("home", "Lunch")
    world.sync_all()
    assert world.open_writes() == ["delete", "delete"]
    world.put("home", event("Lunch", hours(5)))
    world.sync_all()
    assert world.deliver() == {"update": 2}
    assert world.blocks("work") == [(BUSY, hours(5))]


def test_an_event_comes_back_while_its_block_is_being_deleted(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.settle()
    world.drop("home", "Lunch")
    world.sync_all()
    leased = world.claim_writes()
    world.put("home", event("Lunch", FIRST))
    world.sync_all()
    world.settle_writes(leased)
    assert world.deliver() == {"create": 2}
    assert world.settle() == {}
    assert world.blocks("work") == [(BUSY, FIRST)]


def test_an_event_goes_while_its_block_is_being_created(world: World) -> None:
    world.put("home", event("Lunch", FIRST))
    world.sync_all()
    leased = world.claim_writes()
    world.drop("home", "Lunch")
    world.sync_all()
    world.settle_writes(leased)
    assert world.deliver() == {"delete": 2}
    assert world.settle() == {}
    assert world.rows("select * from busy_blocks") == []


def test_latency_counts_from_the_change_to_its_block(world: World) -> None:
    changed = world.now
    world.put("home", event("Lunch", FIRST, provider_updated_at=changed))
    world.sync("home")
    world.deliver()
    [work] = world.rows("select * from block_latency where calendar_id = %s", world.id("work"))
    seconds = (world.now - changed).total_seconds()
    assert work["blocks"] == 1
    assert 0 < work["change_to_block_p50_p95_p99"][0] <= seconds
    assert work["day"] == NOW.date()


def test_a_sync_logs_what_it_planned(world: World) -> None:
    def planned() -> tuple[int, int, int]:
        [row] = world.rows(
            "select * from calendar_sync_logs where calendar_id = %s order by created_at desc"
            " limit 1",
            world.id("home"),
        )
        return tuple(row[f"busy_blocks_{what}"] for what in ("created", "updated", "deleted"))

    world.put("home", event("Lunch", FIRST), event("Tea", hours(8)))
    world.sync("home")
    assert planned() == (4, 0, 0)
    world.put("home", event("Lunch", hours(5)))
    world.drop("home", "Tea")
    world.sync("home")
    assert planned() == (0, 2, 2)
    world.sync("home")
    assert planned() == (0, 0, 0)
