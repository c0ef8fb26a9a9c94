"""Turns a Graph recurrence (pattern and range) into a line of RFC 5545."""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from shared.decide.occurrence_key import occurrence_key
from shared.decide.read_json import CannotMirror, read_integer, read_list, read_object, read_text

DAYS = {
    "sunday": "SU",
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
}
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
FREQUENCIES = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "absolutemonthly": "MONTHLY",
    "relativemonthly": "MONTHLY",
    "absoluteyearly": "YEARLY",
    "relativeyearly": "YEARLY",
}
SHORTEST_MONTH = 28

Raw = Mapping[str, object]


def read_microsoft_recurrence(raw: Raw, zone: ZoneInfo | None) -> tuple[str, ...]:
    """The RRULE of a series master, as one line; `zone` is None for an all-day series.

    Parts in the order of the examples of RFC 5545 section 3.8.5.3, and none that says nothing.
    Raises CannotMirror for what Graph does not document (resources/recurrencepattern).
    """
    recurrence = read_object(raw.get("recurrence"))
    pattern, span = read_object(recurrence.get("pattern")), read_object(recurrence.get("range"))
    kind = (read_text(pattern.get("type")) or "").lower()
    if kind not in FREQUENCIES:
        raise _bad("The recurrence is none that Graph documents.")
    interval = read_integer(pattern.get("interval"))
    parts = [
        f"FREQ={FREQUENCIES[kind]}",
        *([f"INTERVAL={interval}"] if interval > 1 else []),
        *_ending(span, zone),
        *_days(kind, pattern, interval),
    ]
    return (f"RRULE:{';'.join(parts)}",)


def _ending(span: Raw, zone: ZoneInfo | None) -> list[str]:
    kind = (read_text(span.get("type")) or "").lower()
    if kind == "numbered":
        count = read_integer(span.get("numberOfOccurrences"))
        if count < 1:
            raise _bad("The recurrence has no number of occurrences.")
        return [f"COUNT={count}"]
    if kind == "enddate":
        return [f"UNTIL={_until(span.get('endDate'), zone)}"]
    if kind == "noend":
        return []
    raise _bad("The end of the recurrence is none that Graph documents.")


def _until(value: object, zone: ZoneInfo | None) -> str:
    """The end of the last day; in UTC, as RFC 5545 wants it, unless the series is all-day."""
    try:
        last = date.fromisoformat(read_text(value) or "")
        if zone is None:
            return occurrence_key(last)
        return occurrence_key(datetime.combine(last, time(23, 59, 59), zone))
    except (ValueError, OverflowError):
        raise _bad("The last day of the recurrence is no date.") from None


def _days(kind: str, pattern: Raw, interval: int) -> list[str]:
    parts = [f"BYMONTH={_number(pattern, 'month', 12)}"] if kind.endswith("yearly") else []
    if kind == "weekly":
        days = _weekdays(pattern)
        # Where a week begins matters only if some are left out and others have several days.
        return [*_week_start(pattern, interval, days), f"BYDAY={','.join(days)}"]
    if kind.startswith("relative"):
        return [*parts, *_nth(pattern)]
    if kind.startswith("absolute"):
        return [*parts, *_day_of_month(_number(pattern, "dayOfMonth", 31))]
    return parts


def _week_start(pattern: Raw, interval: int, days: list[str]) -> list[str]:
    first = DAYS.get((read_text(pattern.get("firstDayOfWeek")) or "sunday").lower(), "SU")
    return [f"WKST={first}"] if interval > 1 and len(days) > 1 else []


def _nth(pattern: Raw) -> list[str]:
    index = INDEXES.get((read_text(pattern.get("index")) or "first").lower())
    if index is None:
        raise _bad("The week of the month is none that Graph documents.")
    days = _weekdays(pattern)
    if len(days) == 1:
        return [f"BYDAY={index}{days[0]}"]
    return [f"BYDAY={','.join(days)}", f"BYSETPOS={index}"]


def _day_of_month(day: int) -> list[str]:
    """Outlook takes the last day of a month that is too short ([MS-OXOCAL] 2.2.1.44.1)."""
    if day <= SHORTEST_MONTH:
        return [f"BYMONTHDAY={day}"]
    choices = ",".join(str(each) for each in range(SHORTEST_MONTH, day + 1))
    return [f"BYMONTHDAY={choices}", "BYSETPOS=-1"]


def _weekdays(pattern: Raw) -> list[str]:
    named = [(read_text(each) or "").lower() for each in read_list(pattern.get("daysOfWeek"))]
    if not named or not set(named) <= DAYS.keys():
        raise _bad("The days of the recurrence are none that Graph documents.")
    return [code for day, code in DAYS.items() if day in named]


def _number(pattern: Raw, name: str, largest: int) -> int:
    number = read_integer(pattern.get(name))
    if not 1 <= number <= largest:
        raise _bad(f"The {name} of the recurrence is out of range.")
    return number


def _bad(detail: str) -> CannotMirror:
    return CannotMirror("bad_recurrence", detail)
