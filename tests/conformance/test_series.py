"""Series: their occurrences, moved, renamed and cancelled instances, and the clocks they follow."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.states import EventStatus
from tests.conformance.conftest import Check
from tests.conformance.drivers import Calendar
from tests.conformance.ics_text import rule_text
from tests.conformance.meeting import Meeting, Rule, wall
from tests.conformance.rows import Happening, Row, cancelled, exception, rule_parts

FOUR_TIMES = Rule(days=("TH",), count=4)
# Four Thursdays at nine in Berlin; the clocks go back before the second.
WEEKLY = Meeting("Weekly", wall(2026, 10, 22, 9), wall(2026, 10, 22, 10), rule=FOUR_TIMES)
FIRST = datetime(2026, 10, 22, 7, tzinfo=UTC)
SECOND, THIRD, FOURTH = (datetime(2026, month, day, 8, tzinfo=UTC) for month, day in (
    (10, 29), (11, 5), (11, 12)
))  # fmt: skip
HOUR = timedelta(hours=1)


def happening(start: datetime, length: timedelta = HOUR) -> Happening:
    """An occurrence that begins when the rule says."""
    return f"{start:%Y%m%dT%H%M%SZ}", start, start + length


def series(
    title: str, starts: Iterable[datetime], zone: str = "Europe/Berlin", rule: Rule = FOUR_TIMES
) -> Row:
    """The row of a series that happens then, an hour each time; it begins at `FIRST`."""
    happens = tuple(happening(start) for start in starts)
    said = rule_parts([f"RRULE:{rule_text(rule)}"])
    return Row(title, FIRST, FIRST + HOUR, zone, kind="series", rule=said, happens=happens)


def test_created_and_deleted(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    holds(series("Weekly", [FIRST, SECOND, THIRD, FOURTH]))
    calendar.delete(event)
    holds()


def test_changed(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    holds(series("Weekly", [FIRST, SECOND, THIRD, FOURTH]))
    fortnightly = Rule("week", ("TH",), 2, 2)
    calendar.change(event, replace(WEEKLY, title="Fortnightly", rule=fortnightly))
    holds(series("Fortnightly", [FIRST, THIRD], rule=fortnightly))


def test_given_another_time(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    holds(series("Weekly", [FIRST, SECOND, THIRD, FOURTH]))
    later = replace(WEEKLY, start=WEEKLY.start + HOUR, end=WEEKLY.end + HOUR)
    calendar.change(event, later)
    starts = [start + HOUR for start in (FIRST, SECOND, THIRD, FOURTH)]
    moved = series("Weekly", starts)
    holds(replace(moved, start=FIRST + HOUR, end=FIRST + 2 * HOUR))


def test_ended(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    holds(series("Weekly", [FIRST, SECOND, THIRD, FOURTH]))
    calendar.change(event, replace(WEEKLY, rule=None))
    single = Row("Weekly", FIRST, FIRST + HOUR, happens=(("", FIRST, FIRST + HOUR),))
    holds(single)


def test_moved_and_renamed_instances(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    holds(series("Weekly", [FIRST, SECOND, THIRD, FOURTH]))
    alone = replace(WEEKLY, rule=None)
    second, third = wall(2026, 10, 29, 9), wall(2026, 11, 5, 9)
    friday = wall(2026, 10, 30, 15)
    calendar.change_instance(event, second, replace(alone, start=friday, end=friday + HOUR))
    calendar.change_instance(
        event,
        third,
        replace(alone, title="With guests", location="Hall", start=third, end=third + 2 * HOUR),
    )
    at = datetime(2026, 10, 30, 14, tzinfo=UTC)
    holds(
        series("Weekly", [FIRST, FOURTH]),
        exception("Weekly", "20261029T080000Z", at, at + HOUR),
        exception("With guests", "20261105T080000Z", THIRD, THIRD + 2 * HOUR, location="Hall"),
    )
    calendar.delete(event)
    holds()


def test_cancelled_instances(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    second, third = wall(2026, 10, 29, 9), wall(2026, 11, 5, 9)
    calendar.cancel_instance(event, second)
    off = cancelled("20261029T080000Z")
    holds(series("Weekly", [FIRST, THIRD, FOURTH]), off)
    moved = replace(WEEKLY, rule=None, start=third + HOUR, end=third + 2 * HOUR)
    calendar.change_instance(event, third, moved)
    holds(
        series("Weekly", [FIRST, FOURTH]),
        exception("Weekly", "20261105T080000Z", THIRD + HOUR, THIRD + 2 * HOUR),
        off,
    )
    calendar.cancel_instance(event, third)
    holds(series("Weekly", [FIRST, FOURTH]), off, cancelled("20261105T080000Z"))
    calendar.delete(event)
    holds()


def test_called_off_as_a_whole(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(WEEKLY)
    calendar.cancel_instance(event, wall(2026, 10, 29, 9))
    holds(series("Weekly", [FIRST, THIRD, FOURTH]), cancelled("20261029T080000Z"))
    calendar.change(event, replace(WEEKLY, status=EventStatus.CANCELLED))
    holds()


def test_all_day_with_exceptions(calendar: Calendar, holds: Check) -> None:
    first, day = date(2026, 10, 24), timedelta(days=1)
    four_days = Rule("day", count=4)
    daily = Meeting("Fair", first, first + day, rule=four_days)
    event = calendar.create(daily)
    calendar.cancel_instance(event, first + day)
    sunday, tuesday = first + 2 * day, first + 5 * day
    moved = replace(daily, rule=None, title="Long day", start=tuesday, end=tuesday + 2 * day)
    calendar.change_instance(event, sunday, moved)
    plain: dict[str, Any] = {"zone": None, "is_all_day": True}
    happens = tuple((f"{start:%Y%m%d}", start, start + day) for start in (first, first + 3 * day))
    fair = series("Fair", [], rule=four_days)
    holds(
        replace(fair, start=first, end=first + day, happens=happens, **plain),
        cancelled("20261025"),
        exception("Long day", "20261026", tuesday, tuesday + 2 * day, **plain),
    )


def test_endless_across_daylight_saving(calendar: Calendar, holds: Check) -> None:
    """Nine in New York is an hour later in UTC from the 1st of November to the 14th of March."""
    zone, first = ZoneInfo("America/New_York"), wall(2026, 10, 26, 9)
    mondays_at_nine = Rule(days=("MO",))
    calendar.create(Meeting("Sync", first, first + HOUR, zone.key, mondays_at_nine))
    # The window ends 366 days after the day of the test's clock.
    mondays = (first + timedelta(weeks=week) for week in range(52))
    starts = [
        monday.replace(tzinfo=UTC) + timedelta(hours=5 if _winter(monday) else 4)
        for monday in mondays
    ]
    assert [f"{starts[week]:%m%dT%H}" for week in (0, 1, 19, 20)] == [
        "1026T13", "1102T14", "0308T14", "0315T13",
    ]  # fmt: skip
    expected = series("Sync", starts, zone.key, mondays_at_nine)
    holds(replace(expected, start=starts[0], end=starts[0] + HOUR))


def _winter(day: datetime) -> bool:
    return date(2026, 11, 1) <= day.date() < date(2027, 3, 14)
