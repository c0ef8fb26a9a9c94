"""Reads the times of a Google event."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from shared.decide.read_json import CannotMirror, read_object
from shared.decide.zone import read_zone
from shared.model import When

# A day inside what Python can hold, so that no time zone carries a time over the edge; Postgres
# holds more.
EARLIEST, LATEST = date(1, 1, 2), date(9999, 12, 30)

_A_DAY = timedelta(days=1)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d(?::\d\d)?)?", re.ASCII
)
_LATE = re.compile(r"\d{5,}-\d\d-\d\d", re.ASCII)
_ETAG = re.compile(r'"(\d{10,17})"', re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_ETAG, _LAST_ETAG = datetime(2004, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def read_google_when(raw: Mapping[str, object], calendar_zone: str) -> When:
    """Start and exclusive end. Raises CannotMirror where there is none.

    A missing end is a length of zero for a timed event, and of one day for an all-day one.
    """
    start = read_google_time(raw.get("start"), "start", calendar_zone)
    end = read_google_time(raw.get("end"), "end", calendar_zone)
    if start is None:
        raise CannotMirror("missing_start", "The event has no start.")
    if end is None:
        end = start
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise CannotMirror("bad_end", "Only one of start and end has a time of day.")
    if end < start:
        raise CannotMirror("end_before_start", "The event ends before it starts.")
    if isinstance(start, datetime) and isinstance(end, datetime):
        return When(start_at=start, end_at=end)
    return When(start_date=start, end_date=max(end, start + _A_DAY))


def read_google_time(value: object, name: str, calendar_zone: str) -> date | datetime | None:
    """An instant in UTC, or a date if all-day; None if absent. Raises CannotMirror.

    A time without an offset is one on the clocks of its own zone, or of the calendar's.
    """
    fields = read_object(value)
    day, date_time = fields.get("date"), fields.get("dateTime")
    if day is None and date_time is None:
        return None
    try:
        if date_time is None:
            moment = date.fromisoformat(_shaped(day, _DATE))
        else:
            moment = _instant(date_time, fields.get("timeZone") or calendar_zone)
    except OverflowError:
        raise _out_of_range(name) from None
    except ValueError:
        raise CannotMirror(f"bad_{name}", f"The {name} is no date or time.") from None
    if not EARLIEST <= _day(moment) <= LATEST:
        raise _out_of_range(name)
    return moment


def read_google_stamp(value: object) -> datetime | None:
    """`created` or `updated` in UTC; None if it is absent or unreadable."""
    try:
        moment = read_google_time({"dateTime": value}, "stamp", "UTC")
    except CannotMirror:
        return None
    return moment if isinstance(moment, datetime) else None


def read_google_update(raw: Mapping[str, object]) -> datetime | None:
    """When the event was last changed: `updated`, or else what its etag tells.

    A deleted event often comes with no more than id and etag, and Google makes etags of events
    from the time of the update: twice its microseconds since 1970 (observed, undocumented).
    """
    stamp = read_google_stamp(raw.get("updated"))
    etag = raw.get("etag")
    match = _ETAG.fullmatch(etag) if stamp is None and isinstance(etag, str) else None
    if match is None:
        return stamp
    told = _EPOCH + timedelta(microseconds=int(match[1]) // 2)
    return told if _FIRST_ETAG <= told < _LAST_ETAG else None


def _instant(value: object, zone_name: object) -> datetime:
    moment = datetime.fromisoformat(_shaped(value, _DATE_TIME).upper())
    if moment.tzinfo is None:
        zone = read_zone(zone_name if isinstance(zone_name, str) else None)
        if zone is None:
            raise CannotMirror("unknown_time_zone", "A time has neither offset nor known zone.")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _shaped(value: object, shape: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    if _LATE.match(value):
        raise OverflowError("a year beyond 9999")
    if not shape.fullmatch(value):
        raise ValueError("no date or time")
    return value


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _out_of_range(name: str) -> CannotMirror:
    return CannotMirror("date_out_of_range", f"The {name} lies beyond the years 1 to 9999.")
