"""The clocks that a draft's times are written on."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.decide.draft_clocks import draft_zone
from shared.model import Draft, When

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
# 02:30 in Berlin comes twice in that night: at 00:30 and at 01:30 UTC.
FIRST, SECOND = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))


def zone(start: datetime, end: datetime, name: str | None = "Europe/Berlin") -> str | None:
    found = draft_zone(Draft(When(start, end), "Title", time_zone=name))
    return found.key if found else None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", None),
        ("Mars/Olympus", None),
        (None, None),
    ],
)
def test_the_zone_that_is_asked_for(name: str | None, expected: str | None) -> None:
    assert zone(NINE, NINE + HOUR, name) == expected


def test_a_time_that_comes_twice_is_told_in_utc() -> None:
    assert zone(FIRST, FIRST) == "Europe/Berlin", "who reads it takes the first one"
    assert zone(SECOND, SECOND + 2 * HOUR) is None
    assert zone(SECOND - 2 * HOUR, SECOND) is None


def test_days_are_on_no_clock() -> None:
    day = When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 25))
    assert draft_zone(Draft(day, "Title", time_zone="Europe/Berlin")) is None
