"""Whether something happens within a window."""

from datetime import UTC, date, datetime, time

from shared.model import Event, When, Window
from shared.states import EventKind


def overlaps(when: When, window: Window) -> bool:
    """Whether `when` has a part in [start, end). What takes no time counts at its instant.

    All-day dates are compared as if they were days in UTC, so that the answer does not change
    with the time zone of a calendar.
    """
    start, end = _bounds(when)
    if start is None or end is None or start >= window.end:
        return False
    return end > window.start or start == end == window.start


def shows(event: Event, window: Window) -> bool:
    """Whether a view of the window shows the event: a series by its occurrences, others in time."""
    if any(overlaps(occurrence.when, window) for occurrence in event.occurrences):
        return True
    if event.when is None or event.kind is EventKind.SERIES:
        return False
    return overlaps(event.when, window)


def _bounds(when: When) -> tuple[datetime | None, datetime | None]:
    if when.all_day:
        return _midnight(when.start_date), _midnight(when.end_date)
    return when.start_at, when.end_at


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)
