"""What the rules ask for: which events block which calendars, and under which title."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from shared.model import Organizer
from shared.states import EventStatus, Response, ShowAs, Visibility
from tests.sql.blocks.world import World, daily, days, event, exception, hours, moved

BUSY = "🔒 Busy"


def test_an_event_blocks_the_primary_calendars_of_the_other_accounts(world: World) -> None:
    world.add_calendar("hobby", account="home", is_primary=False)
    world.put("home", event("Lunch", hours(4)))

    assert world.settle() == {"create": 2}

    assert world.blocks("work") == [(BUSY, hours(4))]
    assert world.blocks("club") == [(BUSY, hours(4))]
    assert world.blocks("home") == world.blocks("hobby") == []


def test_an_unchanged_world_is_written_to_never(world: World) -> None:
    world.put("home", event("Lunch", hours(4)), daily("Standup", hours(1), 5))
    world.put("work", event("Review", days(1)))
    assert world.settle() == {"create": 2 * 7}

    world.later(hours=13)
    assert world.plan_due() == 3
    world.sync_all()
    world.rows("select reset_calendar(user_id, id) from calendars")

    assert world.settle() == {}


def test_a_move_is_one_update_and_a_deletion_one_delete_for_each_target(world: World) -> None:
    world.put("home", event("Lunch", hours(4)))
    world.settle()

    world.put("home", event("Lunch", hours(6)))
    assert world.settle() == {"update": 2}
    assert world.blocks("work") == [(BUSY, hours(6))]

    world.drop("home", "Lunch")
    assert world.settle() == {"delete": 2}
    assert world.rows("select * from busy_blocks") == []


def test_a_title_that_nobody_copies_is_nothing_to_write(world: World) -> None:
    world.put("home", event("Lunch", hours(4)))
    world.settle()
    world.put("home", event("Lunch", hours(4), summary="Dinner"))
    assert world.settle() == {}


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "🔒 Lunch"),
        ({"visibility": Visibility.PUBLIC}, "🔒 Lunch"),
        ({"visibility": Visibility.PRIVATE}, BUSY),
        ({"visibility": Visibility.CONFIDENTIAL}, BUSY),
        ({"summary": None}, BUSY),
        ({"summary": ""}, BUSY),
        ({"summary": "L" * 300}, "🔒 " + "L" * 200),
    ],
)
def test_a_title_is_copied_where_the_rule_says_so(
    world: World, fields: dict[str, Any], title: str
) -> None:
    world.rule("home", "work", copy_title=True)
    world.put("home", event("Lunch", hours(4), **fields))
    world.settle()
    assert world.blocks("work") == [(title, hours(4))]
    assert world.blocks("club") == [(BUSY, hours(4))]


FREE = event("e", hours(4), show_as=ShowAs.FREE)
TENTATIVE = event("e", hours(4), status=EventStatus.TENTATIVE)
SHOWN_TENTATIVE = event("e", hours(4), show_as=ShowAs.TENTATIVE)
ANSWERED_TENTATIVE = event("e", hours(4), self_response=Response.TENTATIVE)
ALL_DAY = event("e", days(2))
DECLINED = event("e", hours(4), self_response=Response.DECLINED)
ELSEWHERE = event("e", hours(4), show_as=ShowAs.WORKING_ELSEWHERE)
LOCATION = event("e", hours(4), event_type="workingLocation")


@pytest.mark.parametrize(
    ("happening", "skip", "by_default"),
    [
        (FREE, "skip_free", True),
        (TENTATIVE, "skip_tentative", False),
        (SHOWN_TENTATIVE, "skip_tentative", False),
        (ANSWERED_TENTATIVE, "skip_tentative", False),
        (ALL_DAY, "skip_all_day", False),
        (DECLINED, "skip_declined", True),
        (ELSEWHERE, "skip_working_location", True),
        (LOCATION, "skip_working_location", True),
    ],
)
def test_each_skip_skips_what_it_names(
    world: World, happening: Any, skip: str, by_default: bool
) -> None:
    world.put("home", happening)
    world.settle()
    assert len(world.blocks("work")) == (0 if by_default else 1)

    world.rule("home", "work", **{skip: not by_default})
    assert world.settle() == {("create" if by_default else "delete"): 1}
    assert len(world.blocks("work")) == (1 if by_default else 0)

    world.rule("home", "work", **{skip: by_default})
    world.settle()
    assert len(world.blocks("work")) == (0 if by_default else 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": EventStatus.CANCELLED},
        {"own_tag": "calsync:b:0123abcd:0123456789abcdef:0123456789abcdef"},
        {"when": hours(4, 0)},
        {"when": hours(-4)},
        {"when": hours(90 * 24 + 1)},
    ],
    ids=["cancelled", "a block of another installation", "no time", "past", "beyond the horizon"],
)
def test_what_never_blocks(world: World, fields: dict[str, Any]) -> None:
    world.put("home", event("e", **({"when": hours(4)} | fields)))
    assert world.settle() == {}


def test_an_appointment_of_ours_blocks(world: World) -> None:
    tag = f"calsync:a:{world.installation}:{'0' * 32}"
    world.put("home", event("Dentist", hours(4), own_tag=tag))
    assert world.settle() == {"create": 2}


def test_an_invitation_that_is_declined_blocks_no_more(world: World) -> None:
    world.put("home", event("Party", hours(4), self_response=Response.NEEDS_ACTION))
    assert world.settle() == {"create": 2}
    world.put("home", event("Party", hours(4), self_response=Response.DECLINED))
    assert world.settle() == {"delete": 2}
    assert world.blocks("work") == []


def test_a_meeting_that_both_calendars_show_is_not_blocked(world: World) -> None:
    world.put("home", event("h", hours(4), ical_uid="uid"))
    world.put("work", event("w", hours(4), ical_uid="uid"))
    assert world.settle() == {"create": 2}
    assert world.blocks("home") == world.blocks("work") == []
    assert len(world.blocks("club")) == 2

    world.put("work", event("w", hours(4), ical_uid="uid", self_response=Response.DECLINED))
    world.settle()
    assert world.blocks("work") == [(BUSY, hours(4))]

    world.put("work", event("w", hours(4), ical_uid="uid", self_response=Response.ACCEPTED))
    world.settle()
    assert world.blocks("work") == []


BOSS = Organizer("Boss@example.test")


@pytest.mark.parametrize(
    ("there", "is_same"),
    [
        (event("Retro", hours(4), organizer=Organizer("boss@example.test")), True),
        (event("Other", hours(4), organizer=BOSS), False),
        (event("Retro", hours(5), organizer=BOSS), False),
        (event("Retro", hours(4, 2), organizer=BOSS), False),
        (event("Retro", hours(4), organizer=Organizer("ann@example.test")), False),
        (event("Retro", hours(4)), False),
        (event("Retro", hours(4), organizer=BOSS, show_as=ShowAs.FREE), False),
    ],
)
def test_a_meeting_is_the_same_by_organizer_title_and_time(
    world: World, there: Any, is_same: bool
) -> None:
    world.put("home", event("Retro", hours(4), organizer=BOSS))
    world.put("work", there)
    world.settle()
    assert len(world.blocks("work")) == (0 if is_same else 1)


def test_one_instance_of_a_series_is_the_same_meeting_elsewhere(world: World) -> None:
    first = hours(4)
    world.put("home", daily("Course", first, 3, ical_uid="course"))
    world.put("work", event("Guest", moved(first, days=1), ical_uid="course"))
    world.settle()
    assert world.blocks("work") == [(BUSY, first), (BUSY, moved(first, days=2))]


def test_a_block_blocks_nothing(world: World) -> None:
    world.put("home", event("Lunch", hours(4)))
    for _ in range(3):
        world.settle()
    assert [len(world.blocks(name)) for name in ("home", "work", "club")] == [0, 1, 1]


def test_a_rule_enables_what_the_default_does_not(world: World) -> None:
    world.add_calendar("hobby", account="home", is_primary=False)
    world.add_calendar("holidays", account="home", is_primary=False, access_role="reader")
    world.put("holidays", event("Christmas", days(30)))
    assert world.settle() == {}

    world.rule("holidays", "hobby", is_enabled=True)
    assert world.settle() == {"create": 1}
    assert world.blocks("hobby") == [(BUSY, days(30))]

    cleared = "select cleared from clear_busy_block_rule(%s, %s, %s)"
    names = (world.ann, world.id("holidays"), world.id("hobby"))
    assert world.one(cleared, *names) is True
    assert world.one(cleared, *names) is False
    assert world.settle() == {"delete": 1}


def test_a_rule_never_enables_what_is_impossible(world: World) -> None:
    world.add_calendar("holidays", account="home", is_primary=False, access_role="reader")
    world.rule("work", "holidays", is_enabled=True)
    world.put("work", event("Review", hours(4)))
    world.settle()
    assert world.blocks("holidays") == []
    pair = "select obstacle from busy_block_pairs where target_calendar_id = %s and has_rule"
    assert world.one(pair, world.id("holidays")) == "the target cannot be written"


def test_a_word_that_is_left_out_of_a_rule_stays(world: World) -> None:
    world.add_calendar("hobby", account="home", is_primary=False)
    world.rule("work", "hobby", skip_all_day=True)
    world.rule("home", "work", copy_title=True)
    world.rule("home", "work", is_enabled=False)
    world.rule("home", "work", skip_all_day=True)
    [hobby, work] = world.rows(
        "select p.* from busy_block_pairs p join calendars c on c.id = p.target_calendar_id"
        " where p.has_rule order by c.name"
    )
    assert (hobby["is_enabled"], hobby["copy_title"], hobby["skip_all_day"]) == (False, False, True)
    assert (work["is_enabled"], work["copy_title"], work["skip_all_day"]) == (False, True, True)


@pytest.mark.parametrize(
    ("source", "target", "rule", "state"),
    [
        ("home", "home", {}, "CS003"),
        ("home", None, {}, "CS002"),
        (None, "home", {}, "CS002"),
        ("home", "work", {"skip_lunch": True}, "CS003"),
        ("home", "work", {"skip_free": "yes"}, "CS003"),
        ("home", "work", {"skip_free": None}, "CS003"),
        ("home", "work", [], "CS003"),
    ],
)
def test_a_rule_that_is_none_is_refused(
    world: World, source: str | None, target: str | None, rule: Any, state: str
) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    ids = [world.id(name) if name else unknown for name in (source, target)]
    with pytest.raises(psycopg.Error) as refused:
        world.rows("select set_busy_block_rule(%s, %s, %s, %s)", world.ann, *ids, Jsonb(rule))
    assert refused.value.sqlstate == state
    assert world.rows("select * from busy_block_rules") == []


def test_rules_are_audited(world: World) -> None:
    world.rule("home", "work", copy_title=True)
    world.rows(
        "select clear_busy_block_rule(%s, %s, %s)", world.ann, world.id("home"), world.id("work")
    )
    audited = world.rows("select action, subject from audit_log order by created_at, action desc")
    home = str(world.id("home"))
    assert [(row["action"], row["subject"]) for row in audited] == [
        ("busy_block_rule.set", home),
        ("busy_block_rule.clear", home),
    ]


def test_a_cancelled_instance_unblocks_and_an_exception_moves_its_block(world: World) -> None:
    first = hours(4)
    world.put("home", daily("Standup", first, 4))
    assert world.settle() == {"create": 8}
    second, third = moved(first, days=1), moved(first, days=2)

    world.put("home", exception("Standup", second, None))
    assert world.settle() == {"delete": 2}
    world.put("home", exception("Standup", third, moved(third, hours=3)))
    assert world.settle() == {"update": 2}
    assert world.blocks("work") == [
        (BUSY, first),
        (BUSY, moved(third, hours=3)),
        (BUSY, moved(first, days=3)),
    ]
