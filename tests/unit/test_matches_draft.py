"""Whether an event says what a draft says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.decide.matches_draft import matches_draft
from shared.model import Draft, Event, When
from shared.states import EventKind, EventStatus, ShowAs, Visibility

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
WHEN = When(NINE, NINE + timedelta(hours=1))
DRAFT = Draft(WHEN, "Board", description="One\nTwo", time_zone="Europe/Berlin")
EVENT = Event(
    "e",
    EventKind.SINGLE,
    EventStatus.CONFIRMED,
    "1",
    when=WHEN,
    time_zone="UTC",
    summary="Board",
    description="One \r\nTwo\r\n",
)


def test_form_does_not_matter() -> None:
    assert matches_draft(EVENT, DRAFT)
    assert matches_draft(EVENT, replace(DRAFT, visibility=Visibility.PUBLIC))
    assert matches_draft(replace(EVENT, location=""), DRAFT)


@pytest.mark.parametrize(
    "other",
    [
        {"when": When(NINE, NINE)},
        {"summary": "board"},
        {"summary": None},
        {"description": "One Two"},
        {"location": "Room 1"},
        {"show_as": ShowAs.FREE},
        {"visibility": Visibility.PRIVATE},
    ],
)
def test_content_does(other: dict[str, Any]) -> None:
    assert not matches_draft(replace(EVENT, **other), DRAFT)
