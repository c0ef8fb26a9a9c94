"""Recurrences that cannot be understood are told so, in words."""

from datetime import UTC, datetime

import pytest

from shared.model import When, Window
from tests.unit.test_expand_recurrence import keys, timed


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("RRULE:FREQ=SOMETIMES", "FREQ of a rule is malformed"),
        ("RRULE:INTERVAL=2", "no FREQ"),
        ("RRULE:", "no FREQ"),
        ("RRULE:FREQ=DAILY;FREQ=DAILY", "FREQ of a rule is malformed"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("RRULE:FREQ=DAILY;COUNT=0", "COUNT"),
        ("RRULE:FREQ=DAILY;COUNT=-1", "COUNT"),
        ("RRULE:FREQ=DAILY;UNTIL=tomorrow", "a date or time is malformed"),
        ("RRULE:FREQ=DAILY;UNTIL=20260230", "day is out of range"),
        ("RRULE:FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,", "BYDAY"),
        ("RRULE:FREQ=DAILY;BYHOUR=25", "out of range"),
        ("RRULE:FREQ=DAILY;BYEASTER=0", "unknown part"),
        ("RRULE:RSCALE=CHINESE;FREQ=YEARLY", "unknown part"),
        ("RRULE:FREQ=MINUTELY;BYHOUR=9", "MINUTELY goes with no other part"),
        ("RRULE:FREQ=DAILY;BYMONTHDAY=" + ",".join(["1"] * 1000), "longer than 2000"),
        ("DTSTART:20260302T080000Z", "none of RRULE"),
        ("FREQ=DAILY", "line is malformed"),
        ("RDATE:soon", "a date or time is malformed"),
        ("RDATE:20260302T250000Z", "hour must be"),
        ("RDATE;TZID=Mars/Olympus:20260302T080000", "unknown time zone"),
        ("EXDATE;TZID=Mars/Olympus:20260302T080000", "unknown time zone"),
        ("RDATE;VALUE=PERIOD:20260302T080000Z/PT-2", "a period is malformed"),
        ("RDATE;VALUE=PERIOD:20260302T080000Z/-PT2H", "ends before it starts"),
        ("RDATE;VALUE=PERIOD:20260302/20260303", "a period is malformed"),
        ("RDATE;VALUE=PERIOD:20260302T080000Z/20260302T090000", "a period is malformed"),
    ],
)
def test_what_cannot_be_understood_is_told(line: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        keys(timed("2026-03-02T09:00"), line)


def test_ten_rules_are_enough() -> None:
    with pytest.raises(ValueError, match="more than 10 rules"):
        keys(timed("2026-03-02T09:00"), *["RRULE:FREQ=DAILY"] * 6, *["EXRULE:FREQ=DAILY"] * 5)


def test_too_many_single_dates_are_too_many() -> None:
    minutes = (f"20260302T{hour:02}{minute:02}00Z" for hour in range(24) for minute in range(60))
    all_of_them = [stamp.replace("0302T", f"030{day}T") for stamp in minutes for day in range(1, 6)]
    with pytest.raises(ValueError, match="too many occurrences"):
        keys(timed("2026-03-02T09:00"), "RDATE:" + ",".join(all_of_them))


def test_a_series_needs_a_first_occurrence_and_a_known_zone() -> None:
    with pytest.raises(ValueError, match="no first occurrence"):
        keys(When(), "RRULE:FREQ=DAILY")
    with pytest.raises(ValueError, match="time zone is unknown"):
        keys(timed("2026-03-02T09:00"), "RRULE:FREQ=DAILY", zone="Mars/Olympus")


def test_the_end_of_the_calendar_is_out_of_range() -> None:
    begin = datetime(9999, 12, 1, tzinfo=UTC)
    window = Window(begin, datetime(9999, 12, 31, 12, tzinfo=UTC))
    with pytest.raises(ValueError, match="out of range"):
        keys(When(start_at=begin, end_at=begin), "RRULE:FREQ=DAILY", window=window)
