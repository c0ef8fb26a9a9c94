"""Two calendars of one person at once, over two connections: no deadlock, nothing doubled."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.blocks.world import World, daily, event, hours, moved, page_arguments

ROUNDS = 6
Step = Callable[[psycopg.Connection], object]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for what happens at once."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def at_once(pool: ThreadPoolExecutor, world: World, steps: list[Step]) -> None:
    """Runs steps on connections of their own, begun together; raises what any of them raises."""
    barrier = Barrier(len(steps))

    def run(step: Step) -> None:
        with closing(psycopg.connect(world.url)) as connection:
            connection.execute("select set_config('calsync.now', %s, false)", [str(world.now)])
            connection.commit()
            barrier.wait()
            with connection.transaction():
                step(connection)

    for done in [pool.submit(run, step) for step in steps]:
        done.result()


def applying(world: World, calendar: str) -> Step:
    """The last page of a sync of a calendar that is claimed now."""
    claim = world.claim(calendar)
    arguments = page_arguments(claim, world.providers[calendar], int(claim["sync_token"] or 0))
    return lambda connection: connection.execute(
        "select * from apply_changes(%s, %s, %s, %s, %s)", arguments
    )


def settling(world: World, calendar: str) -> Step:
    """The settlement of all writes to a calendar that are claimed and done now."""
    claims = [each for each in world.claim_writes() if each["calendar_id"] == world.id(calendar)]
    outcomes = [
        {"id": str(each["id"]), "lease_token": each["lease_token"]}
        | world.providers[calendar].write(each)
        for each in claims
    ]
    arguments = [world.ann, world.id(calendar), Jsonb(outcomes)]
    return lambda connection: connection.execute(
        "select * from settle_provider_writes(%s, %s, %s, 1)", arguments
    )


def test_the_same_meeting_arrives_in_both_calendars_at_once(
    pool: ThreadPoolExecutor, world: World
) -> None:
    """Whoever plans second sees what the first did: neither blocks the other's meeting."""
    for n in range(ROUNDS):
        when = hours(4 + 2 * n)
        world.put("home", event(f"home {n}", when, ical_uid=f"uid {n}"))
        world.put("work", event(f"work {n}", when, ical_uid=f"uid {n}"))
        at_once(pool, world, [applying(world, name) for name in ("home", "work")])
    world.settle()
    assert world.blocks("home") == world.blocks("work") == []
    assert len(world.blocks("club")) == 2 * ROUNDS


def test_all_calendars_change_while_their_blocks_are_settled(
    pool: ThreadPoolExecutor, world: World
) -> None:
    for n in range(ROUNDS):
        for name in ("home", "work", "club"):
            world.put(name, daily(f"{name} series", moved(hours(4), hours=n), 20))
        world.sync("home")
        steps = [settling(world, "work")]
        steps += [applying(world, name) for name in ("home", "work", "club")]
        at_once(pool, world, steps)
    world.later(minutes=2)
    world.settle()
    world.settle()
    assert world.settle() == {}
    for name in ("home", "work", "club"):
        assert len(world.blocks(name)) == 40
    assert world.one("select count(*) from busy_blocks") == 120


def test_upkeep_plans_beside_syncs(pool: ThreadPoolExecutor, world: World) -> None:
    def plan(connection: psycopg.Connection) -> object:
        return connection.execute("select * from plan_due_busy_blocks(10)")

    for n in range(ROUNDS):
        world.put("home", event("Lunch", hours(4 + n)))
        world.rule("home", "work", copy_title=n % 2 == 0)
        world.rule("work", "home", copy_title=n % 2 == 0)
        at_once(pool, world, [applying(world, "home"), plan, plan])
    world.settle()
    assert world.blocks("work") == [("🔒 Busy", hours(3 + ROUNDS))]
    assert len(world.blocks("club")) == 1
