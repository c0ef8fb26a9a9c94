"""What the mirror shows of busy blocks: lost answers, restored databases, other people's hands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from shared.model import Event, When
from shared.states import ShowAs
from tests.sql.blocks.world import World, daily, event, hours, moved
from tests.support import postgres

BUSY = "🔒 Busy"
LUNCH = hours(4)
Backup = Callable[[World], World]


@pytest.fixture
def backup(postgres_server_url: str, database_name: str) -> Iterator[Backup]:
    """Copies the database of a world: the copy is as it was, but its providers live on."""
    with ExitStack() as stack:

        def take(world: World) -> World:
            world.connection.close()
            name = world.url.rsplit("/", 1)[1]
            copy = postgres.database(postgres_server_url, f"{database_name}_backup", name)
            restored = World(stack.enter_context(copy), world.providers, world.now)
            stack.callback(restored.connection.close)
            world.reopen()
            return restored

        yield take


def only_block(world: World, calendar: str) -> Event:
    """The one busy block in a calendar."""
    [block] = world.providers[calendar].blocks(world.installation)
    return block


def move_block(world: World, calendar: str, when: When) -> None:
    """Somebody moves the busy block in a calendar by hand."""
    world.put(calendar, replace(only_block(world, calendar), when=when))


# -- answers that are lost


def test_a_create_whose_answer_was_lost_is_found_again(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.sync_all()
    for claim in world.claim_writes():
        world.providers[claim["provider_calendar_id"]].write(claim)
    world.sync("work")
    world.later(minutes=2)
    assert world.settle() == {"update": 1}
    assert world.blocks("work") == world.blocks("club") == [(BUSY, LUNCH)]
    assert world.settle() == {}


def test_a_mirrored_create_needs_no_answer(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.sync_all()
    claims = world.claim_writes()
    for claim in claims:
        world.providers[claim["provider_calendar_id"]].write(claim)
    world.rows("update provider_writes set lease_holder = null, lease_expires_at = null")
    world.sync("work", "club")
    assert world.open_writes() == []
    assert world.settle() == {}


def test_a_lost_create_of_other_times_is_updated(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.sync_all()
    for claim in world.claim_writes():
        world.providers[claim["provider_calendar_id"]].write(claim)
    world.put("home", event("Lunch", hours(6)))
    world.sync_all()
    world.later(minutes=2)
    world.settle()
    assert world.blocks("work") == world.blocks("club") == [(BUSY, hours(6))]
    assert world.settle() == {}


def test_a_lost_create_that_nobody_wants_any_more_is_deleted(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.sync_all()
    for claim in world.claim_writes():
        world.providers[claim["provider_calendar_id"]].write(claim)
    world.drop("home", "Lunch")
    world.sync_all()
    world.later(minutes=2)
    world.settle()
    assert world.blocks("work") == world.blocks("club") == []
    assert world.rows("select * from busy_blocks") == []


# -- databases that are set back


def test_a_restored_database_doubles_nothing(world: World, backup: Backup) -> None:
    world.put("home", daily("Standup", LUNCH, 3), event("Lunch", LUNCH))
    world.settle()
    restored = backup(world)
    world.put("home", daily("Standup", moved(LUNCH, hours=1), 4), event("New", hours(9)))
    world.drop("home", "Lunch")
    world.put("club", event("Match", hours(20)))
    world.settle()
    before = {name: world.blocks(name) for name in ("home", "work", "club")}

    restored.at(world.now)
    restored.settle()
    restored.later(seconds=11)
    restored.settle()
    assert {name: restored.blocks(name) for name in before} == before
    assert restored.settle() == {}


def test_nothing_is_created_in_a_restored_calendar_before_it_was_read(
    world: World, backup: Backup
) -> None:
    restored = backup(world)
    world.put("home", event("Lunch", LUNCH))
    world.settle()

    restored.at(world.now)
    restored.sync("home")
    assert restored.deliver() == {}
    assert restored.open_writes() == ["create", "create"]
    [due] = restored.rows("select due from make_rereads_due()")
    assert due["due"] == 2
    assert restored.rows("select due from make_rereads_due()") == [{"due": 0}]
    restored.sync("work", "club")
    assert restored.open_writes() == []
    assert restored.settle() == {}
    assert restored.blocks("work") == [(BUSY, LUNCH)]


def test_a_target_that_is_read_first_waits_for_its_sources(world: World, backup: Backup) -> None:
    restored = backup(world)
    world.put("home", event("Lunch", LUNCH))
    world.settle()

    restored.at(world.now)
    restored.sync("work", "club")
    restored.plan_due()
    assert restored.open_writes() == []
    restored.sync("home")
    restored.later(seconds=11)
    restored.plan_due()
    assert restored.open_writes() == []
    assert restored.settle() == {}
    assert restored.blocks("work") == [(BUSY, LUNCH)]


def test_a_restored_database_leaves_nothing_behind(world: World, backup: Backup) -> None:
    restored = backup(world)
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    world.drop("home", "Lunch")  # before anybody noticed

    restored.at(world.now)
    restored.sync_all()
    restored.plan_due()
    restored.later(seconds=11)
    restored.plan_due()
    assert restored.deliver() == {"delete": 2}
    assert restored.blocks("work") == restored.blocks("club") == []
    assert restored.rows("select * from busy_blocks") == []


# -- other installations, other hands


def test_blocks_of_another_installation_are_left_alone(world: World) -> None:
    tag = "calsync:b:ffffffff:0123456789abcdef:0123456789abcdef"
    world.put("work", event("theirs", LUNCH, own_tag=tag, summary=BUSY))
    world.put("home", event("Lunch", LUNCH))
    assert world.settle() == {"create": 2}
    assert "theirs" in world.providers["work"].events
    assert len(world.rows("select * from busy_blocks")) == 2


def test_a_copy_of_a_block_is_removed(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    world.put("work", replace(only_block(world, "work"), provider_event_id="copy"))
    assert world.settle() == {"delete": 1}
    assert world.blocks("work") == [(BUSY, LUNCH)]
    assert "copy" not in world.providers["work"].events


def test_a_block_that_somebody_deletes_is_made_anew(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    gone = only_block(world, "work").provider_event_id
    world.drop("work", gone)
    assert world.settle() == {"create": 1}
    assert only_block(world, "work").provider_event_id != gone


def test_a_block_is_not_made_anew_for_ever(world: World) -> None:
    """Another program may delete what it does not know; it wins, until the event changes."""
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    made = 0
    for _ in range(10):
        for block in world.providers["work"].blocks(world.installation):
            world.drop("work", block.provider_event_id)
        made += world.settle()["create"]
    assert made == 5
    world.put("home", event("Lunch", hours(6)))
    assert world.settle() == {"create": 1, "update": 1}


def test_a_block_that_somebody_moves_is_set_right(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    move_block(world, "work", hours(7))
    assert world.settle() == {"update": 1}
    assert world.blocks("work") == [(BUSY, LUNCH)]


def test_two_programs_do_not_chase_each_other(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    undone = 0
    for _ in range(10):
        move_block(world, "work", hours(7))
        undone += world.settle()["update"]
    assert undone == 5
    assert world.blocks("work") == [(BUSY, hours(7))]

    world.put("home", event("Lunch", hours(6)))
    assert world.settle() == {"update": 2}
    move_block(world, "work", hours(7))
    assert world.settle() == {"update": 1}
    assert world.blocks("work") == [(BUSY, hours(6))]


def test_a_colour_is_not_ours_to_change(world: World) -> None:
    """Another etag with the same content is remembered: the next update is not refused."""
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    world.put("work", replace(only_block(world, "work"), html_link="elsewhere"))
    assert world.settle() == {}
    world.put("home", event("Lunch", hours(6)))
    assert world.settle() == {"update": 2}


def test_a_block_that_changed_unseen_is_written_over_in_the_end(world: World) -> None:
    world.put("home", event("Lunch", LUNCH))
    world.settle()
    move_block(world, "work", hours(7))
    world.put("home", event("Lunch", hours(6)))
    world.sync("home")
    world.deliver()
    world.settle()
    world.later(minutes=2)
    assert world.settle() == {"update": 1}
    assert world.blocks("work") == [(BUSY, hours(6))]


def test_a_block_that_never_came_back_is_made_anew_after_a_day(world: World) -> None:
    """The provider lost it and reported nothing."""
    world.put("home", event("Lunch", hours(60)))
    world.sync("home")
    world.deliver()
    world.providers["work"].events.clear()
    world.providers["work"].changes.clear()
    world.put("work", event("Other", hours(70), show_as=ShowAs.FREE))
    world.rows("update calendar_sync_states set sync_token = '0'")
    world.sync("work")
    assert world.deliver() == {}
    world.later(days=1)
    world.put("work", event("Other", hours(71), show_as=ShowAs.FREE))
    world.sync("work")
    assert world.deliver() == {"create": 1}
    assert world.blocks("work") == [(BUSY, hours(60))]
