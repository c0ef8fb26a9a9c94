"""Calendars and accounts that are turned off, lost and given back: every trace goes, or stays."""

import pytest

from tests.sql.blocks.world import World, event, hours

BUSY = "🔒 Busy"
LUNCH = hours(4)
_STATUS = "update calendar_accounts set status = %s, status_reason = %s, disconnecting_since = %s,"
_STATUS += " disconnect_due_at = %s where provider_account_id = %s"


def filled(world: World) -> None:
    """Each calendar has an event now and one that is over; the blocks of all are written."""
    for name in ("home", "work", "club"):
        world.put(name, event(f"{name} now", LUNCH), event(f"{name} past", hours(0.5)))
    assert world.settle() == {"create": 12}
    world.later(hours=2)


def set_status(world: World, account: str, status: str, reason: str = "asked") -> None:
    since = world.now if status == "disconnecting" else None
    world.rows(_STATUS, status, reason, since, since, account)


def blocks(world: World) -> dict[str, int]:
    return {name: len(world.blocks(name)) for name in ("home", "work", "club")}


def test_a_calendar_that_is_turned_off_leaves_no_trace(world: World) -> None:
    filled(world)
    world.rows("update calendars set sync_enabled = false where name = 'home'")
    assert world.plan_due() == 1
    assert world.deliver() == {"delete": 8}
    assert blocks(world) == {"home": 0, "work": 2, "club": 2}

    world.rows("update calendars set sync_enabled = true where name = 'home'")
    world.plan_due()
    assert world.deliver() == {"create": 4}
    assert blocks(world) == {"home": 2, "work": 3, "club": 3}


def test_a_target_that_is_gone_is_forgotten(world: World) -> None:
    filled(world)
    world.rows("update calendars set removed_at = calsync_now() where name = 'home'")
    world.plan_due()
    assert world.deliver() == {"delete": 4}
    home = world.id("home")
    assert (
        world.rows(
            "select * from busy_blocks where %s in (source_calendar_id, target_calendar_id)", home
        )
        == []
    )


def test_a_calendar_that_loses_its_rights_is_no_target(world: World) -> None:
    filled(world)
    world.rows("update calendars set access_role = 'reader' where name = 'home'")
    world.plan_due()
    pairs = world.rows(
        "select 1 from busy_block_pairs where is_enabled and %s in"
        " (source_calendar_id, target_calendar_id)",
        world.id("home"),
    )
    assert pairs == []
    world.deliver()
    assert blocks(world) == {"home": 0, "work": 2, "club": 2}


def test_an_account_that_waits_for_its_person_keeps_its_blocks(world: World) -> None:
    filled(world)
    set_status(world, "home", "needs_reauth", "revoked")
    world.plan_due()
    assert world.open_writes() == []
    world.put("work", event("New", hours(9)))
    world.sync("work")
    assert world.open_writes() == ["create", "create"]
    assert world.deliver() == {"create": 1}
    set_status(world, "home", "active", "")
    assert world.deliver() == {"create": 1}


def test_an_account_is_left_when_its_blocks_are_gone(world: World) -> None:
    filled(world)
    set_status(world, "home", "disconnecting")
    [account] = world.rows("select id from calendar_accounts where provider_account_id = 'home'")
    left = "select remove_blocks_of_account(%s, %s)"
    assert world.one(left, world.ann, account["id"]) == 8
    assert world.one(left, world.ann, account["id"]) == 8
    assert world.deliver() == {"delete": 8}
    assert world.one(left, world.ann, account["id"]) == 0
    world.plan_due()
    assert world.open_writes() == []
    assert blocks(world) == {"home": 0, "work": 2, "club": 2}


def test_an_account_without_access_is_not_waited_for(world: World) -> None:
    filled(world)
    set_status(world, "home", "disconnecting", "access_lost")
    [account] = world.rows("select id from calendar_accounts where provider_account_id = 'home'")
    assert world.one("select remove_blocks_of_account(%s, %s)", world.ann, account["id"]) == 4
    assert world.deliver() == {"delete": 4}
    assert world.one("select remove_blocks_of_account(%s, %s)", world.ann, account["id"]) == 0


def test_dead_writes_are_not_waited_for(world: World) -> None:
    filled(world)
    remove = "select remove_blocks_of_calendar(%s, %s)"
    assert world.one(remove, world.ann, world.id("home")) == 8
    world.rows(
        "update provider_writes set dead_at = calsync_now(), last_error_code = 'forbidden'"
        " where calendar_id = %s",
        world.id("work"),
    )
    assert world.one(remove, world.ann, world.id("home")) == 6


def test_whoever_removes_does_not_wait_for_whoever_plans(world: World) -> None:
    filled(world)
    other = World(world.url, world.providers, world.now)
    with other.connection.transaction():
        other.rows("select lock_person(%s)", world.ann)
        left = world.one("select remove_blocks_of_calendar(%s, %s)", world.ann, world.id("home"))
    assert left == 8
    assert world.open_writes() == []
    other.connection.close()


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_turned_off_unseen_is_planned_within_a_day(world: World, turned: bool) -> None:
    """`turned` by hand in SQL, with triggers off, as a repair might."""
    filled(world)
    world.rows("set session_replication_role = replica")
    world.rows("update calendars set sync_enabled = %s where name = 'home'", not turned)
    world.rows("set session_replication_role = default")
    assert world.plan_due() == 0
    world.later(hours=13)
    assert world.plan_due() == 3
    assert world.deliver() == ({"delete": 8} if turned else {})
