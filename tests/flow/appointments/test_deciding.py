"""Conflicts that wait for a person: every choice, every kind; undoing what was decided."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.errors import NotFound, Refused
from tests.flow.appointments.diary import ANN, NOW, Diary


@pytest.fixture
def waiting(diary: Diary) -> UUID:
    """Title changed on both sides, place here, description there; the policy is manual."""
    diary.policy("manual")
    made = diary.make("Review", location="Room 4", description="Old")
    diary.settle()
    diary.change(made, summary="Ours", location="Garden")
    diary.change_there(made, summary="Theirs", description="New")
    diary.settle()
    return made


def _all(diary: Diary, made: UUID) -> tuple[str, str, str]:
    """Title, place and description, which both sides have."""
    (row,) = diary.rig.rows("appointments", id=made)
    event = diary.event(diary.event_id(made))
    assert event is not None
    here = (row["summary"], row["location"], row["description"])
    assert here == (event["summary"], event["location"], event["description"])
    return here


@pytest.mark.parametrize(
    ("choice", "fields", "title"),
    [
        ("local", {}, "Ours"),
        ("remote", {}, "Theirs"),
        ("merged", {"summary": "local"}, "Ours"),
        ("merged", {"summary": "remote"}, "Theirs"),
    ],
)
def test_a_choice_decides_what_is_in_conflict_and_keeps_the_rest(
    diary: Diary, waiting: UUID, choice: str, fields: dict[str, str], title: str
) -> None:
    (conflict,) = diary.conflicts(waiting)
    assert (conflict["decision"], conflict["fields"]) == ("pending", ["summary"])
    assert diary.state(waiting) == "conflict"
    decided = diary.resolve(waiting, choice, fields)
    assert (decided["decision"], decided["decided_by"]) == (choice, "cli")
    diary.settle()
    assert _all(diary, waiting) == (title, "Garden", "New")
    assert diary.state(waiting) == "synced"
    diary.assert_quiet()


def test_both_keeps_both(diary: Diary, waiting: UUID) -> None:
    diary.resolve(waiting, "both")
    diary.settle()
    assert _all(diary, waiting) == ("Theirs", "Room 4", "New")
    assert diary.titles_there() == ["Ours", "Theirs"]
    assert diary.rig.count("appointments") == 2
    (conflict,) = diary.conflicts(waiting)
    with pytest.raises(Refused, match="both versions were kept"):
        diary.undo(conflict["id"])
    diary.assert_quiet()


@pytest.mark.parametrize(
    ("choice", "left"), [("local", []), ("remote", ["Theirs"]), ("both", ["Theirs"])]
)
def test_deleted_here_and_changed_there(diary: Diary, choice: str, left: list[str]) -> None:
    diary.policy("manual")
    made = diary.make("Review")
    diary.settle()
    diary.delete(made)
    diary.change_there(made, summary="Theirs")
    diary.settle()
    with pytest.raises(Refused, match="nothing to merge"):
        diary.resolve(made, "merged")
    diary.resolve(made, choice)
    diary.settle()
    assert diary.titles_there() == left
    assert [row["summary"] for row in diary.rig.rows("appointments")] == left
    diary.assert_quiet()


@pytest.mark.parametrize(
    ("choice", "left"), [("local", ["Ours"]), ("remote", []), ("both", ["Ours"])]
)
def test_changed_here_and_deleted_there(diary: Diary, choice: str, left: list[str]) -> None:
    diary.policy("manual")
    made = diary.make("Review")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.delete_there(made)
    diary.settle()
    diary.resolve(made, choice)
    diary.settle()
    assert diary.titles_there() == left
    assert [row["summary"] for row in diary.rig.rows("appointments")] == left
    diary.assert_quiet()


@pytest.mark.parametrize(
    ("policy", "choice", "events", "left"),
    [
        ("local_wins", "local", ["Review", "Review"], ["Review"]),
        ("manual", "both", ["Review", "Review"], ["Review"]),
        ("provider_wins", "remote", ["Review"], []),
        ("newest_wins", "remote", ["Review"], []),
    ],
)
def test_a_series_is_left_alone(
    diary: Diary, policy: str, choice: str, events: list[str], left: list[str]
) -> None:
    diary.policy(policy)
    made = diary.make("Review")
    diary.settle()
    diary.change_there(made, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    diary.settle()
    assert diary.state(made) == "conflict"
    diary.resolve(made, choice)
    diary.settle()
    assert diary.titles_there() == events
    assert [row["summary"] for row in diary.rig.rows("appointments")] == left
    assert [bool(event.get("recurrence")) for event in diary.rig.google.events(ANN)].count(
        True
    ) == 1
    diary.assert_quiet()


def test_later_changes_are_added_to_what_waits(diary: Diary, waiting: UUID) -> None:
    diary.change(waiting, summary="Ours again")
    diary.change_there(waiting, summary="Theirs again", description="Newer")
    (stale,) = diary.conflicts(waiting)
    with pytest.raises(Refused, match="changed a moment ago"):
        diary.resolve(waiting, "local")
    diary.settle()
    (conflict,) = diary.conflicts(waiting)
    assert conflict["id"] == stale["id"]
    assert conflict["local"]["summary"] == "Ours again"
    assert conflict["remote"]["summary"] == "Theirs again"
    assert conflict["base"]["summary"] == "Review"
    diary.resolve(waiting, "local")
    diary.settle()
    assert _all(diary, waiting) == ("Ours again", "Garden", "Newer")
    diary.assert_quiet()


def test_a_conflict_that_passes_needs_nobody(diary: Diary, waiting: UUID) -> None:
    diary.change(waiting, summary="Theirs")
    diary.settle()
    (conflict,) = diary.conflicts(waiting)
    assert (conflict["decision"], conflict["decided_by"]) == ("merged", "policy")
    assert _all(diary, waiting) == ("Theirs", "Garden", "New")
    diary.assert_quiet()


def test_a_deletion_while_it_waits_is_another_conflict_of_the_same_row(
    diary: Diary, waiting: UUID
) -> None:
    diary.delete(waiting)
    diary.settle()
    (conflict,) = diary.conflicts(waiting)
    assert (conflict["kind"], conflict["decision"]) == ("deleted_here", "pending")
    diary.delete_there(waiting)
    diary.settle()
    (conflict,) = diary.conflicts(waiting)
    assert conflict["decision"] == "merged", "both sides are gone"
    assert diary.titles_there() == []
    diary.assert_quiet()


# -- undoing


@pytest.mark.parametrize(
    ("policy", "here", "there", "before", "after"),
    [
        ("provider_wins", "change", "change", "Theirs", "Ours"),
        ("local_wins", "change", "change", "Ours", "Theirs"),
        ("provider_wins", "delete", "change", "Theirs", None),
        ("local_wins", "delete", "change", None, "Theirs"),
        ("provider_wins", "change", "delete", None, "Ours"),
        ("local_wins", "change", "delete", "Ours", None),
    ],
)
def test_undo_puts_back_what_lost(
    diary: Diary, policy: str, here: str, there: str, before: str | None, after: str | None
) -> None:
    diary.policy(policy)
    made = diary.make("Review")
    diary.settle()
    if here == "change":
        diary.change(made, summary="Ours")
    else:
        diary.delete(made)
    if there == "change":
        diary.change_there(made, summary="Theirs")
    else:
        diary.delete_there(made)
    diary.settle()
    assert diary.titles_there() == ([before] if before else [])
    (conflict,) = diary.conflicts(made)
    diary.undo(conflict["id"])
    diary.settle()
    assert diary.titles_there() == ([after] if after else [])
    assert [row["summary"] for row in diary.rig.rows("appointments")] == diary.titles_there()
    (undone,) = diary.conflicts(made)
    assert (undone["undone_by"], undone["id"]) == ("cli", conflict["id"])
    assert diary.rig.count("audit_log", action="conflict.undone") == 1
    with pytest.raises(Refused, match="undone already"):
        diary.undo(conflict["id"])
    diary.assert_quiet()


def test_undoing_a_merge_puts_back_what_stood_here(diary: Diary) -> None:
    made = diary.make("Review", location="Room 4")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.change_there(made, location="Garden")
    diary.settle()
    assert diary.there(made) == "Ours @ Garden"
    (conflict,) = diary.conflicts(made)
    assert (conflict["decision"], conflict["fields"]) == ("merged", [])
    diary.undo(conflict["id"])
    diary.settle()
    assert diary.here(made) == diary.there(made) == "Ours @ Room 4"


def test_a_decision_is_made_once(diary: Diary, waiting: UUID) -> None:
    decided = diary.resolve(waiting, "local")
    call = diary.rig.service.database.call
    more = {"conflict_id": decided["id"], "choice": "remote", "actor": "cli"}
    with pytest.raises(Refused, match="decided already"):
        call("resolve_conflict", user_id=diary.user_id, **more)
    with pytest.raises(NotFound):
        call("resolve_conflict", user_id=diary.account_id, **more)
    (row,) = diary.rig.rows("audit_log", action="conflict.resolved")
    assert row["details"]["choice"] == "local"


def test_merging_needs_a_side_for_each_field(diary: Diary, waiting: UUID) -> None:
    with pytest.raises(Refused, match="whose value each field"):
        diary.resolve(waiting, "merged", {"location": "local"})
    with pytest.raises(Refused, match="unknown choice"):
        diary.resolve(waiting, "mine")


# -- whose change is newer


@pytest.mark.parametrize(
    ("ahead", "winner"),
    [(4, "Theirs"), (5, "Theirs"), (6, "Ours"), (-1, "Theirs"), (-60, "Theirs")],
)
def test_ours_is_newer_only_beyond_the_skew(diary: Diary, ahead: int, winner: str) -> None:
    """By so many seconds our change was made after theirs."""
    made = diary.make("Review")
    diary.settle()
    theirs_at = NOW + timedelta(minutes=10)
    for at, who in sorted([(theirs_at, "there"), (theirs_at + timedelta(seconds=ahead), "here")]):
        diary.rig.at(at)
        if who == "here":
            diary.change(made, summary="Ours")
        else:
            diary.change_there(made, summary="Theirs")
    diary.rig.at(NOW + timedelta(minutes=20))
    diary.settle()
    assert diary.titles_there() == [winner]


@pytest.mark.parametrize(
    ("provider_clock", "winner"), [("a day ahead", "Theirs"), ("a day behind", "Ours")]
)
def test_a_clock_that_is_wrong_is_believed_only_as_far_as_it_can_be_true(
    diary: Diary, provider_clock: str, winner: str
) -> None:
    """Our change is made ten minutes after theirs; theirs is seen five minutes after ours.

    A stamp of tomorrow counts as the moment we saw it, one of yesterday as that of the agreement.
    """
    made = diary.make("Review")
    diary.settle()
    away = timedelta(days=1 if provider_clock == "a day ahead" else -1)
    diary.rig.google.set_clock((NOW + timedelta(minutes=5) + away).isoformat())
    diary.change_there(made, summary="Theirs")
    diary.rig.at(NOW + timedelta(minutes=15))
    diary.change(made, summary="Ours")
    diary.rig.at(NOW + timedelta(minutes=20))
    diary.settle()
    assert diary.titles_there() == [winner]
    (conflict,) = diary.conflicts(made)
    assert isinstance(conflict["decided_at"], datetime)


def test_a_calendar_may_differ_from_its_account(diary: Diary) -> None:
    diary.policy("provider_wins")
    diary.rig.service.database.call(
        "set_conflict_policy",
        user_id=diary.user_id,
        account_id=None,
        calendar_id=diary.calendar_id,
        policy="local_wins",
        actor="cli",
    )
    made = diary.make("Review")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.change_there(made, summary="Theirs")
    diary.settle()
    assert diary.titles_there() == ["Ours"]
