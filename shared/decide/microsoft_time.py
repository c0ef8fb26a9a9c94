"""Reads the times of a Graph event."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.decide.read_json import CannotMirror, read_object, read_text
from shared.decide.zone import read_zone
from shared.model import When

# A day inside what Python can hold, so that no time zone carries a time over the edge.
EARLIEST, LATEST = date(1, 1, 2), date(9999, 12, 30)

_A_DAY = timedelta(days=1)
# Graph writes seven decimals; of a stamp it drops trailing zeros, and any offset may follow.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "tzone://Microsoft/Utc"})


def read_microsoft_when(raw: Mapping[str, object], *, all_day: bool) -> When:
    """Start and exclusive end. Raises CannotMirror where there is none.

    All-day events go from midnight to midnight whatever the zone; their dates float.
    """
    start, end = (_local(raw.get(name), name) for name in ("start", "end"))
    if all_day:
        first = start[0].date()
        after = end[0].date() + (timedelta(0) if end[0].time() == time.min else _A_DAY)
        if after < first:
            raise CannotMirror("end_before_start", "The event ends before it starts.")
        return When(start_date=first, end_date=max(after, first + _A_DAY))
    start_at, end_at = (_instant(*each) for each in (start, end))
    if end_at < start_at:
        raise CannotMirror("end_before_start", "The event ends before it starts.")
    return When(start_at=start_at, end_at=end_at)


def read_original_start(
    raw: Mapping[str, object], zone_name: str | None, *, all_day: bool
) -> date | datetime:
    """When the pattern would have an occurrence begin: a date in an all-day series.

    Its midnight may be told as an instant, so it is read on the clocks of the series.
    """
    stamp = read_microsoft_stamp(raw.get("originalStart"))
    if stamp is None:
        raise CannotMirror("missing_original_start", "The occurrence has no original start.")
    if not all_day:
        return stamp
    if stamp.time() == time.min:
        return stamp.date()
    return stamp.astimezone(read_microsoft_zone(zone_name) or UTC).date()


def read_microsoft_stamp(value: object) -> datetime | None:
    """An instant such as `lastModifiedDateTime`, in UTC; None if it is absent or unreadable."""
    try:
        return _instant(*_parsed(value, "UTC"))
    except (ValueError, CannotMirror):
        return None


def read_microsoft_zone(name: object) -> ZoneInfo | None:
    """The zone of a Windows or IANA name; None for a custom zone (tzone://Microsoft/Custom)."""
    text = read_text(name)
    return read_zone("UTC" if text in _UTC_NAMES else text)


def _local(value: object, name: str) -> tuple[datetime, ZoneInfo | None]:
    """A dateTimeTimeZone: the time on the clocks of its zone, unless it has an offset."""
    fields = read_object(value)
    if fields.get("dateTime") is None:
        raise CannotMirror(f"missing_{name}", f"The event has no {name}.")
    try:
        return _parsed(fields.get("dateTime"), fields.get("timeZone") or "UTC")
    except ValueError:
        raise CannotMirror(f"bad_{name}", f"The {name} is no date and time.") from None


def _parsed(value: object, zone_name: object) -> tuple[datetime, ZoneInfo | None]:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("no date and time")
    moment = datetime.fromisoformat(value)
    if not EARLIEST <= moment.date() <= LATEST:
        raise CannotMirror("date_out_of_range", "A time lies beyond the years 1 to 9999.")
    return moment, read_microsoft_zone(zone_name)


def _instant(moment: datetime, zone: ZoneInfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise CannotMirror("unknown_time_zone", "A time has neither offset nor known zone.")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)
