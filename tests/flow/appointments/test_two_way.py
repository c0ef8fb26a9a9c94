"""Appointments go to the provider and come back, in every way that one side alone can change."""

from datetime import timedelta

import pytest

from tests.flow.appointments.diary import START, Diary


def test_an_appointment_becomes_an_event_with_all_its_content(diary: Diary) -> None:
    made = diary.make(
        "Review", description="Numbers", location="Room 4", visibility="private", show_as="free"
    )
    assert diary.state(made) == "pending"
    diary.settle()
    event = diary.event(diary.event_id(made))
    assert event is not None
    assert event["summary"] == "Review"
    assert event["description"] == "Numbers"
    assert event["location"] == "Room 4"
    assert event["visibility"] == "private"
    assert event["transparency"] == "transparent"
    assert event["start"] == {"dateTime": "2026-11-24T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert diary.state(made) == "synced"
    assert diary.conflicts(made) == []
    diary.assert_quiet()


def test_a_change_here_is_one_update_there(diary: Diary) -> None:
    made = diary.make("Review")
    diary.settle()
    before = diary.writes()
    diary.change(
        made,
        summary="Preview",
        start_at=START + timedelta(hours=2),
        end_at=START + timedelta(hours=3),
    )
    diary.settle()
    assert diary.there(made) == "Preview @ None"
    assert diary.writes() == before + 1
    diary.assert_quiet()


def test_a_change_there_comes_back_and_is_not_echoed(diary: Diary) -> None:
    made = diary.make("Review")
    diary.settle()
    before = diary.writes()
    later = (START + timedelta(hours=2)).isoformat()
    diary.change_there(
        made,
        summary="Moved",
        start={"dateTime": later, "timeZone": "Europe/Berlin"},
        end={"dateTime": (START + timedelta(hours=3)).isoformat(), "timeZone": "Europe/Berlin"},
    )
    diary.settle()
    (row,) = diary.rig.rows("appointments", id=made)
    assert (row["summary"], row["start_at"]) == ("Moved", START + timedelta(hours=2))
    assert row["time_zone"] == "Europe/Berlin"
    assert diary.writes() == before
    assert diary.conflicts(made) == []
    diary.assert_quiet()


def test_what_an_appointment_does_not_hold_stays_with_the_event(diary: Diary) -> None:
    made = diary.make("Review")
    diary.settle()
    diary.change_there(made, attendees=[{"email": "ben@example.test"}], colorId="5")
    diary.settle()
    diary.change(made, summary="Preview")
    diary.settle()
    event = diary.event(diary.event_id(made))
    assert event is not None
    assert [guest["email"] for guest in event["attendees"]] == ["ben@example.test"]
    assert event["colorId"] == "5"
    assert event["summary"] == "Preview"


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_deletion_reaches_the_other_side(diary: Diary, where: str) -> None:
    made = diary.make("Review")
    diary.settle()
    if where == "here":
        diary.delete(made)
    else:
        diary.delete_there(made)
    diary.settle()
    assert diary.here(made) is None
    assert diary.titles_there() == []
    assert diary.rig.rows("appointment_links") == []
    assert diary.rig.rows("sync_conflicts") == []
    diary.assert_quiet()


def test_what_is_taken_back_before_it_was_written_writes_nothing(diary: Diary) -> None:
    made = diary.make("Review")
    diary.settle()
    before = diary.writes()
    diary.change(made, summary="Preview")
    diary.change(made, summary="Review")
    never = diary.make("Never")
    diary.delete(never)
    assert diary.state(made) == "synced"
    diary.settle()
    assert diary.writes() == before
    diary.assert_quiet()


def test_all_day_appointments_are_days(diary: Diary) -> None:
    made = diary.make("Trip", start_date="2026-11-27", end_date="2026-11-30", time_zone=None)
    diary.settle()
    event = diary.event(diary.event_id(made))
    assert event is not None
    assert (event["start"], event["end"]) == ({"date": "2026-11-27"}, {"date": "2026-11-30"})
    diary.change_there(made, end={"date": "2026-12-01"})
    diary.settle()
    (row,) = diary.rig.rows("appointments", id=made)
    assert str(row["end_date"]) == "2026-12-01"
    diary.assert_quiet()


def test_an_appointment_blocks_its_own_person_elsewhere_as_any_event(diary: Diary) -> None:
    diary.make("Review")
    diary.settle()
    (event,) = diary.rig.rows("calendar_events")
    assert event["is_busy"]
    assert event["own_tag"].startswith("calsync:a:")
