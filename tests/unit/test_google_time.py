"""Start and end of Google events, good and bad."""

from datetime import UTC, date, datetime

import pytest

from shared.decide.google_time import read_google_when
from shared.decide.read_json import CannotMirror
from shared.model import When


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "when"),
    [
        (
            {"dateTime": "2026-11-24T10:00:00+01:00"},
            {"dateTime": "2026-11-24T10:30:00.250Z"},
            When(start_at=at("2026-11-24T09:00"), end_at=at("2026-11-24T10:30:00.250000")),
        ),
        (
            {"dateTime": "2026-11-24t10:00:00z", "date": None},
            None,
            When(start_at=at("2026-11-24T10:00"), end_at=at("2026-11-24T10:00")),
        ),
        (
            {"dateTime": "2026-07-24T10:00:00", "timeZone": "America/New_York"},
            {"dateTime": "2026-07-24T16:00:00"},  # on the calendar's clocks
            When(start_at=at("2026-07-24T14:00"), end_at=at("2026-07-24T14:00")),
        ),
        (
            {"date": "2026-11-24"},
            None,
            When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 25)),
        ),
        (
            {"date": "2026-11-24"},
            {"date": "2026-11-24"},
            When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 25)),
        ),
        (
            {"date": "1604-02-29"},  # a birthday without a year
            {"date": "1604-03-01"},
            When(start_date=date(1604, 2, 29), end_date=date(1604, 3, 1)),
        ),
        (
            {"dateTime": "1890-01-01T00:00:00+00:53:28"},  # local mean time
            None,
            When(start_at=at("1889-12-31T23:06:32"), end_at=at("1889-12-31T23:06:32")),
        ),
    ],
)
def test_reads(start: object, end: object, when: When) -> None:
    assert read_google_when({"start": start, "end": end}, "Europe/Berlin") == when


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (None, {"date": "2026-11-24"}, "missing_start"),
        ({}, None, "missing_start"),
        ("2026-11-24", None, "missing_start"),
        ({"date": "24.11.2026"}, None, "bad_start"),
        ({"date": "2026-02-30"}, None, "bad_start"),
        ({"date": "2026-W48-2"}, None, "bad_start"),
        ({"date": 20261124}, None, "bad_start"),
        ({"dateTime": "2026-11-24"}, None, "bad_start"),
        ({"dateTime": "2026-11-24T25:00:00Z"}, None, "bad_start"),
        ({"dateTime": "2026-11-24T10:00:00+25:00"}, None, "bad_start"),
        ({"date": "2026-11-24"}, {"dateTime": "2026-11-24T10:00:00Z"}, "bad_end"),
        ({"dateTime": "2026-11-24T10:00:00Z"}, {"date": "2026-11-25"}, "bad_end"),
        ({"date": "2026-11-24"}, {"date": "soon"}, "bad_end"),
        ({"date": "2026-11-24"}, {"date": "2026-11-23"}, "end_before_start"),
        (
            {"dateTime": "2026-11-24T10:00:00+01:00"},
            {"dateTime": "2026-11-24T08:59:59Z"},
            "end_before_start",
        ),
        ({"date": "9999-12-31"}, None, "date_out_of_range"),
        ({"date": "2026-11-24"}, {"date": "10000-01-01"}, "date_out_of_range"),
        ({"dateTime": "0001-01-01T00:00:00+01:00"}, None, "date_out_of_range"),
        ({"dateTime": "9999-12-31T23:59:59-01:00"}, None, "date_out_of_range"),
        (
            {"dateTime": "2026-11-24T10:00:00", "timeZone": "Mars/Olympus"},
            None,
            "unknown_time_zone",
        ),
        ({"dateTime": "2026-11-24T10:00:00", "timeZone": 7}, None, "unknown_time_zone"),
    ],
)
def test_refuses(start: object, end: object, reason: str) -> None:
    with pytest.raises(CannotMirror) as refused:
        read_google_when({"start": start, "end": end}, "Europe/Berlin")
    assert refused.value.reason == reason
