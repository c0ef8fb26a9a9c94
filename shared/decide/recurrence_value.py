"""Reads the dates, times and periods in recurrence lines."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import vDuration

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Extra:
    """One value of an RDATE. `length` is that of a PERIOD, None if the series' own holds."""

    start: date | datetime
    length: timedelta | None = None


def read_moment(text: str, zone: ZoneInfo | None = None) -> date | datetime:
    """A DATE, or a DATE-TIME: aware if it ends with Z or a zone is given, else naive.

    Raises ValueError for anything else (RFC 5545 sections 3.3.4 and 3.3.5).
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError("a date or time is malformed")
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if match[4] is None:
        return date(year, month, day)
    tzinfo = UTC if match[7] else zone
    return datetime(year, month, day, int(match[4]), int(match[5]), int(match[6]), tzinfo=tzinfo)


def read_extra(text: str, zone: ZoneInfo | None) -> Extra:
    """A moment or a PERIOD (RFC 5545 section 3.3.9). Raises ValueError for anything else."""
    start_text, slash, end_text = text.partition("/")
    start = read_moment(start_text, zone)
    if not slash:
        return Extra(start)
    length = _length(start, end_text.strip(), zone)
    if length < timedelta(0):
        raise ValueError("a period ends before it starts")
    return Extra(start, length)


def _length(start: date | datetime, end_text: str, zone: ZoneInfo | None) -> timedelta:
    if end_text[:1] in ("P", "+", "-"):
        try:
            # icalendar leaves this function without annotations.
            length: timedelta = vDuration.from_ical(end_text)  # type: ignore[no-untyped-call]
        except ValueError:
            raise ValueError("a period is malformed") from None
        return length
    end = read_moment(end_text, zone)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise ValueError("a period is malformed")
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise ValueError("a period is malformed")
    # Both in UTC: two times of one zone would be subtracted by the clock on the wall.
    return end.astimezone(UTC) - start.astimezone(UTC) if end.tzinfo else end - start
