"""Graph's patterns and ranges as lines of RFC 5545, and that they mean the same."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emulator.microsoft.recurrence import series
from shared.decide.expand_recurrence import expand_recurrence
from shared.decide.microsoft_recurrence import read_microsoft_recurrence
from shared.decide.read_json import CannotMirror
from shared.model import When, Window

BERLIN = ZoneInfo("Europe/Berlin")
NO_END = {"type": "noEnd", "startDate": "2026-11-24"}
DAILY = {"type": "daily", "interval": 1}


def line(pattern: dict[str, Any], span: dict[str, Any] = NO_END, *, all_day: bool = False) -> str:
    recurrence = {"pattern": pattern, "range": span}
    (text,) = read_microsoft_recurrence({"recurrence": recurrence}, None if all_day else BERLIN)
    return text


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        (DAILY, "FREQ=DAILY"),
        ({"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3"),
        (
            {"type": "weekly", "interval": 1, "daysOfWeek": ["thursday", "Monday"]},
            "FREQ=WEEKLY;BYDAY=MO,TH",
        ),
        (
            {
                "type": "weekly",
                "interval": 2,
                "daysOfWeek": ["sunday", "monday"],
                "firstDayOfWeek": "monday",
            },
            "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=SU,MO",
        ),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        ),
        (
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15},
            "FREQ=MONTHLY;BYMONTHDAY=15",
        ),
        (
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30},
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
        ),
        (
            {"type": "relativeMonthly", "index": "last", "daysOfWeek": ["friday"]},
            "FREQ=MONTHLY;BYDAY=-1FR",
        ),
        (
            {"type": "relativeMonthly", "index": "second", "daysOfWeek": ["monday", "tuesday"]},
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2",
        ),
        (
            {"type": "absoluteYearly", "month": 2, "dayOfMonth": 29},
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
        ),
        (
            {"type": "relativeYearly", "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"},
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        ),
    ],
)
def test_patterns(pattern: dict[str, Any], rule: str) -> None:
    assert line(pattern) == f"RRULE:{rule}"


def test_ends() -> None:
    numbered = {"type": "numbered", "numberOfOccurrences": 5}
    assert line(DAILY, numbered) == "RRULE:FREQ=DAILY;COUNT=5"
    until = {"type": "endDate", "endDate": "2026-12-24"}
    assert line(DAILY, until) == "RRULE:FREQ=DAILY;UNTIL=20261224T225959Z"
    assert line(DAILY, until, all_day=True) == "RRULE:FREQ=DAILY;UNTIL=20261224"


@pytest.mark.parametrize(
    ("pattern", "span"),
    [
        ({"type": "hourly"}, NO_END),
        ({}, NO_END),
        (DAILY, {}),
        (DAILY, {"type": "sometime"}),
        (DAILY, {"type": "numbered", "numberOfOccurrences": 0}),
        (DAILY, {"type": "endDate", "endDate": "tomorrow"}),
        (DAILY, {"type": "endDate"}),
        ({"type": "weekly", "daysOfWeek": []}, NO_END),
        ({"type": "weekly", "daysOfWeek": ["someday"]}, NO_END),
        ({"type": "absoluteMonthly", "dayOfMonth": 0}, NO_END),
        ({"type": "absoluteYearly", "dayOfMonth": 1, "month": 13}, NO_END),
        ({"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "fifth"}, NO_END),
    ],
)
def test_what_graph_does_not_document(pattern: dict[str, Any], span: dict[str, Any]) -> None:
    with pytest.raises(CannotMirror) as caught:
        line(pattern, span)
    assert caught.value.reason == "bad_recurrence"


def test_a_last_day_beyond_what_can_be_told() -> None:
    recurrence = {"pattern": DAILY, "range": {"type": "endDate", "endDate": "9999-12-31"}}
    with pytest.raises(CannotMirror):
        read_microsoft_recurrence({"recurrence": recurrence}, ZoneInfo("America/New_York"))


PATTERNS: list[dict[str, Any]] = [
    {"type": "daily", "interval": 3},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"]},
    {
        "type": "weekly",
        "interval": 2,
        "daysOfWeek": ["sunday", "monday"],
        "firstDayOfWeek": "sunday",
    },
    {
        "type": "weekly",
        "interval": 2,
        "daysOfWeek": ["sunday", "monday"],
        "firstDayOfWeek": "monday",
    },
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
    {"type": "relativeMonthly", "interval": 2, "index": "last", "daysOfWeek": ["friday"]},
    {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29},
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "span",
    [
        NO_END,
        {**NO_END, "type": "numbered", "numberOfOccurrences": 7},
        {**NO_END, "type": "endDate", "endDate": "2027-06-30"},
    ],
)
def test_our_expansion_is_that_of_the_server(pattern: dict[str, Any], span: dict[str, Any]) -> None:
    """As the emulator expands it, on the clocks of Berlin over two changes of them."""
    full = {"firstDayOfWeek": "sunday", "index": "first", "month": 1, "dayOfMonth": 1} | pattern
    recurrence = {"pattern": full, "range": {"endDate": "0001-01-01", **span}}
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    walls = series(recurrence, datetime(2026, 11, 24, 10)).walls()  # noqa: DTZ001 - wall clock
    starts = [wall.replace(tzinfo=BERLIN).astimezone(UTC) for wall in islice(walls, 500)]
    first = When(starts[0], starts[0] + timedelta(hours=1))
    found = expand_recurrence(
        first,
        "Europe/Berlin",
        read_microsoft_recurrence({"recurrence": recurrence}, BERLIN),
        window,
    )
    assert [each.when.start_at for each in found] == [at for at in starts if at < window.end]
