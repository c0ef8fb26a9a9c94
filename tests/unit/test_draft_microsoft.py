"""Drafts as Graph takes them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.decide.draft_microsoft import draft_microsoft, new_microsoft, patch_microsoft
from shared.decide.microsoft_fields import OWN_PROPERTY
from shared.model import Draft, When
from shared.states import ShowAs, Visibility

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
BLOCK, APPOINTMENT = "calsync:b:0a1b2c3d:00:01", "calsync:a:0a1b2c3d:02"
DRAFT = Draft(When(NINE, NINE + timedelta(hours=1)), "Board", time_zone="Europe/Berlin")
DAYS = When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 26))


def test_a_new_busy_block() -> None:
    assert new_microsoft(DRAFT, BLOCK) == {
        "subject": "Board",
        "body": {"contentType": "text", "content": ""},
        "location": {"displayName": ""},
        "isAllDay": False,
        "start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-11-24T11:00:00", "timeZone": "W. Europe Standard Time"},
        "showAs": "busy",
        "sensitivity": "normal",
        "isReminderOn": False,
        "singleValueExtendedProperties": [{"id": OWN_PROPERTY, "value": BLOCK}],
        "transactionId": BLOCK,
    }


def test_an_appointment_keeps_its_reminder() -> None:
    draft = replace(
        DRAFT,
        description="Agenda",
        location="Room 1",
        show_as=ShowAs.OUT_OF_OFFICE,
        visibility=Visibility.PRIVATE,
    )
    said = draft_microsoft(draft, APPOINTMENT)
    assert "isReminderOn" not in said
    assert "transactionId" not in said, "it never changes"
    assert said["body"] == {"contentType": "text", "content": "Agenda"}
    assert said["location"] == {"displayName": "Room 1"}
    assert (said["showAs"], said["sensitivity"]) == ("oof", "private")


@pytest.mark.parametrize(
    ("zone", "start", "name"),
    [
        ("America/New_York", "2026-11-24T04:00:00", "Eastern Standard Time"),
        ("Asia/Kolkata", "2026-11-24T14:30:00", "India Standard Time"),
        ("Europe/Kyiv", "2026-11-24T11:00:00", "FLE Standard Time"),
        # Windows has no name of its own for it; the instant is the same.
        ("Europe/Vienna", "2026-11-24T09:00:00", "UTC"),
        ("Mars/Olympus", "2026-11-24T09:00:00", "UTC"),
        (None, "2026-11-24T09:00:00", "UTC"),
    ],
)
def test_zones_have_the_names_that_graph_knows(zone: str | None, start: str, name: str) -> None:
    said = draft_microsoft(replace(DRAFT, time_zone=zone), BLOCK)
    assert said["start"] == {"dateTime": start, "timeZone": name}


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/Vienna", "UTC"),
        ("Mars/Olympus", "UTC"),
        (None, "UTC"),
    ],
)
def test_days_go_from_midnight_to_midnight(zone: str | None, name: str) -> None:
    said = draft_microsoft(replace(DRAFT, when=DAYS, time_zone=zone), BLOCK)
    assert said["isAllDay"] is True
    assert said["start"] == {"dateTime": "2026-11-24T00:00:00", "timeZone": name}
    assert said["end"] == {"dateTime": "2026-11-26T00:00:00", "timeZone": name}


HELD = {
    "body": {"contentType": "text", "content": "Agenda\r\n"},
    "location": {"displayName": "Room 1", "address": {"city": "Berlin"}},
    "isAllDay": False,
    "start": {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"},
}
SAID = replace(DRAFT, description="Agenda", location="Room 1")


def test_what_is_there_already_is_not_sent() -> None:
    said = patch_microsoft(SAID, APPOINTMENT, HELD)
    assert not said.keys() & HELD.keys()
    assert said["subject"] == "Board"


@pytest.mark.parametrize(
    ("draft", "sent"),
    [
        (replace(SAID, description="Other"), {"body"}),
        (replace(SAID, location=None), {"location"}),
        (replace(SAID, when=DAYS), {"isAllDay", "start", "end"}),
    ],
)
def test_what_differs_is_sent(draft: Draft, sent: set[str]) -> None:
    said = patch_microsoft(draft, APPOINTMENT, HELD)
    assert said.keys() & HELD.keys() == sent
    assert said.items() <= draft_microsoft(draft, APPOINTMENT).items()


def test_of_an_unknown_event_all_is_sent() -> None:
    assert patch_microsoft(DRAFT, APPOINTMENT, {}) == draft_microsoft(DRAFT, APPOINTMENT)
