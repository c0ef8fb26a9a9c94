"""What a draft becomes in Google's words, and when Google's event is as drafted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.decide.draft_google import draft_google, is_as_drafted, new_google, patch_google
from shared.decide.normalise_google import normalise_google
from shared.model import Draft, Event, When, Window
from shared.states import EventKind, ShowAs, Visibility

BLOCK = "calsync:b:0a1b2c3d:0123456789abcdef:fedcba9876543210"
APPOINTMENT = "calsync:a:0a1b2c3d:0123456789abcdef0123456789abcdef"
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DRAFT = Draft(When(START, START + timedelta(hours=1)), "Board", time_zone="Europe/Berlin")
DAYS = replace(DRAFT, when=When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 26)))
WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))


def test_a_busy_block() -> None:
    assert draft_google(replace(DRAFT, visibility=Visibility.PRIVATE), BLOCK) == {
        "summary": "Board",
        "start": {"dateTime": "2026-11-24T09:00:00Z", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-24T10:00:00Z", "timeZone": "Europe/Berlin"},
        "status": "confirmed",
        "transparency": "opaque",
        "visibility": "private",
        "extendedProperties": {"private": {"calsync": BLOCK}},
        "reminders": {"useDefault": False},
    }


def test_an_appointment_reminds_as_the_person_likes_it() -> None:
    said = draft_google(replace(DRAFT, description="Agenda", location="Room 1"), APPOINTMENT)
    assert "reminders" not in said
    assert (said["description"], said["location"]) == ("Agenda", "Room 1")


def test_a_new_event_has_the_id_that_its_tag_gives_it() -> None:
    assert new_google(DRAFT, BLOCK) == draft_google(DRAFT, BLOCK) | {
        "id": "0a1b2c3d0123456789abcdeffedcba9876543210"
    }


def test_days_stay_days() -> None:
    said = draft_google(DAYS, BLOCK)
    assert (said["start"], said["end"]) == ({"date": "2026-11-24"}, {"date": "2026-11-26"})


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        (None, "UTC"),
        ("Etc/UTC", "UTC"),
        ("Nowhere/Land", "UTC"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("America/New_York", "America/New_York"),
    ],
)
def test_zones(zone: str | None, told: str) -> None:
    said = draft_google(replace(DRAFT, time_zone=zone), BLOCK)
    assert said["start"] == {"dateTime": "2026-11-24T09:00:00Z", "timeZone": told}


def test_instants_of_other_offsets_are_told_in_utc_and_whole_seconds() -> None:
    odd = datetime.fromisoformat("2026-11-24T10:00:00.987654+00:53")
    said: dict[str, Any] = dict(draft_google(replace(DRAFT, when=When(odd, odd)), BLOCK))
    assert said["start"]["dateTime"] == said["end"]["dateTime"] == "2026-11-24T09:07:00Z"


@pytest.mark.parametrize(
    ("show_as", "transparency", "status"),
    [
        (ShowAs.BUSY, "opaque", "confirmed"),
        (ShowAs.TENTATIVE, "opaque", "tentative"),
        (ShowAs.OUT_OF_OFFICE, "opaque", "confirmed"),
        (ShowAs.FREE, "transparent", "confirmed"),
        (ShowAs.WORKING_ELSEWHERE, "transparent", "confirmed"),
    ],
)
def test_how_it_is_shown(show_as: ShowAs, transparency: str, status: str) -> None:
    draft = replace(DRAFT, show_as=show_as)
    whole, patch = draft_google(draft, APPOINTMENT), patch_google(draft, APPOINTMENT)
    assert (whole["transparency"], whole["status"]) == (transparency, status)
    assert patch["transparency"] == transparency
    assert patch.get("status") == (None if transparency == "transparent" else status)


def test_a_patch_takes_away_what_is_not_said_any_more() -> None:
    said = patch_google(replace(DRAFT, description=""), APPOINTMENT)
    assert said == {
        "summary": "Board",
        "description": None,
        "location": None,
        "start": {"date": None, "dateTime": "2026-11-24T09:00:00Z", "timeZone": "Europe/Berlin"},
        "end": {"date": None, "dateTime": "2026-11-24T10:00:00Z", "timeZone": "Europe/Berlin"},
        "status": "confirmed",
        "transparency": "opaque",
        "visibility": "default",
        "extendedProperties": {"private": {"calsync": APPOINTMENT}},
    }
    days = patch_google(DAYS, APPOINTMENT)
    assert days["start"] == {"date": "2026-11-24", "dateTime": None, "timeZone": None}


def held(draft: Draft, **more: object) -> Event:
    """Google's event after an insert of the draft."""
    event = normalise_google({**new_google(draft, BLOCK), "etag": '"1"'} | more, "UTC", WINDOW)
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize("show_as", list(ShowAs))
@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize("drafted", [DRAFT, DAYS])
def test_as_drafted(show_as: ShowAs, visibility: Visibility, drafted: Draft) -> None:
    draft = replace(drafted, show_as=show_as, visibility=visibility, description="a\nb")
    assert is_as_drafted(held(draft), draft, BLOCK)


@pytest.mark.parametrize(
    "changed",
    [
        replace(DRAFT, summary="Other"),
        replace(DRAFT, description="More"),
        replace(DRAFT, location="There"),
        replace(DRAFT, when=When(START, START)),
        replace(DRAFT, show_as=ShowAs.FREE),
        replace(DRAFT, visibility=Visibility.PUBLIC),
    ],
)
def test_not_as_drafted(changed: Draft) -> None:
    assert not is_as_drafted(held(changed), DRAFT, BLOCK)
    assert not is_as_drafted(held(DRAFT), changed, BLOCK)


def test_what_lost_its_tag_or_became_a_series_is_not_as_drafted() -> None:
    assert not is_as_drafted(held(DRAFT, extendedProperties={}), DRAFT, BLOCK)
    series = held(DRAFT, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    assert series.kind is EventKind.SERIES
    assert not is_as_drafted(series, DRAFT, BLOCK)
