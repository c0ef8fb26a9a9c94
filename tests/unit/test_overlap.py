"""What a view of a window shows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.decide.overlap import overlaps, shows
from shared.model import Event, Occurrence, When, Window
from shared.states import EventKind, EventStatus

START = datetime(2026, 11, 2, tzinfo=UTC)
END = datetime(2026, 12, 7, tzinfo=UTC)
WINDOW = Window(START, END)
HOUR = timedelta(hours=1)
INSIDE, BEFORE = When(START, START + HOUR), When(START - HOUR, START)
SINGLE = Event("id", EventKind.SINGLE, EventStatus.CONFIRMED, "etag", when=INSIDE)
SERIES = replace(SINGLE, kind=EventKind.SERIES)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (INSIDE, True),
        (BEFORE, False),
        (When(START, START), True),
        (When(END, END), False),
        (When(START - HOUR, END + HOUR), True),
        (When(start_date=date(2026, 11, 1), end_date=date(2026, 11, 2)), False),
        (When(start_date=date(2026, 12, 6), end_date=date(2026, 12, 8)), True),
        (When(), False),
    ],
)
def test_overlaps(when: When, expected: bool) -> None:
    assert overlaps(when, WINDOW) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (SINGLE, True),
        (replace(SINGLE, when=BEFORE), False),
        (replace(SINGLE, when=None), False),
        (SERIES, False),
        (replace(SERIES, when=BEFORE, occurrences=(Occurrence("k", INSIDE),)), True),
        (replace(SERIES, occurrences=(Occurrence("k", BEFORE),)), False),
    ],
)
def test_a_series_is_shown_by_its_occurrences(event: Event, expected: bool) -> None:
    assert shows(event, WINDOW) is expected
