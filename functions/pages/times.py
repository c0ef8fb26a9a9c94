"""Times as a person reads them: in the zone where they live."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.api.calendars import Calendar
from functions.api.events import Happening

DASH = "\u2013"


def zone_of(calendar: Calendar) -> tzinfo:
    """The zone of a calendar; UTC where this machine does not know it."""
    try:
        return ZoneInfo(calendar.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def home_zone(calendars: Sequence[Calendar]) -> tzinfo:
    """Where the person seems to live: the zone of the first primary calendar."""
    return next((zone_of(each) for each in calendars if each.is_primary), UTC)


def when(found: Happening, zone: tzinfo) -> str:
    """From when till when, on the day it begins."""
    if found.start_date is not None:
        last = (found.end_date or found.start_date) - timedelta(days=1)
        return "All day" if last <= found.start_date else f"All day, until {last:%d %b}"
    begin, end = found.starts_at.astimezone(zone), found.ends_at.astimezone(zone)
    return f"{begin:%H:%M} {DASH} {_end(begin, end)}"


def _end(begin: datetime, end: datetime) -> str:
    return f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%d %b, %H:%M}"
