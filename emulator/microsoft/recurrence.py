"""Recurrence patterns and ranges (resources/recurrencepattern), expanded as RRULEs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import cast

from dateutil.rrule import rrule, rrulestr

from emulator.common.json_types import Json

from .errors import bad_property

DAYS = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
PATTERNS = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "absolutemonthly": "MONTHLY",
    "relativemonthly": "MONTHLY",
    "absoluteyearly": "YEARLY",
    "relativeyearly": "YEARLY",
}
WIRE_TYPES = {
    name.lower(): name
    for name in (
        "daily",
        "weekly",
        "absoluteMonthly",
        "relativeMonthly",
        "absoluteYearly",
        "relativeYearly",
        "endDate",
        "noEnd",
        "numbered",
    )
}


@dataclass(frozen=True)
class Series:
    """When a series happens: `begin` is startDate at the time of day of its events."""

    begin: datetime
    line: str

    def walls(self, after: datetime | None = None) -> Iterator[datetime]:
        """Wall times of the occurrences in order, from `after` (naive, inclusive)."""
        rule = _compiled(self)
        return iter(rule if after is None else rule.xafter(after, inc=True))

    def has(self, wall: datetime) -> bool:
        """Whether the pattern gives an occurrence beginning exactly then."""
        return next(self.walls(wall), None) == wall


@lru_cache(maxsize=4096)
def _compiled(series: Series) -> rrule:
    # Always one rule: the line is made here and begins with FREQ.
    return cast("rrule", rrulestr(series.line, dtstart=series.begin, cache=True))


def normalised(sent: Json, start: datetime, zone: str) -> Json:
    """A recurrence as Graph stores and shows it, all properties filled in; 400 if it is wrong."""
    try:
        pattern = _pattern(sent["pattern"])
        span = _range(sent["range"], start.date(), zone)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise bad_property(f"The recurrence is not valid: {error}") from error
    return {"pattern": pattern, "range": span}


def _pattern(sent: Json) -> Json:
    kind = str(sent["type"]).lower()
    if kind not in PATTERNS:
        raise ValueError(f"pattern type {sent['type']!r}")
    pattern: Json = {
        "type": WIRE_TYPES[kind],
        "interval": int(sent.get("interval") or 1),
        "month": int(sent.get("month") or 0),
        "dayOfMonth": int(sent.get("dayOfMonth") or 0),
        "firstDayOfWeek": str(sent.get("firstDayOfWeek") or "sunday").lower(),
        "index": str(sent.get("index") or "first").lower(),
    }
    if kind in ("weekly", "relativemonthly", "relativeyearly"):
        pattern["daysOfWeek"] = [str(day).lower() for day in sent["daysOfWeek"]]
    _check(kind, pattern)
    return pattern


def _check(kind: str, pattern: Json) -> None:
    if pattern["interval"] < 1:
        raise ValueError("interval")
    if "daysOfWeek" in pattern and not pattern["daysOfWeek"]:
        raise ValueError("daysOfWeek")
    unknown = [day for day in pattern.get("daysOfWeek", ()) if day not in DAYS]
    if unknown or pattern["firstDayOfWeek"] not in DAYS or pattern["index"] not in INDEXES:
        raise ValueError("a day or an index")
    if kind.startswith("absolute") and not 1 <= pattern["dayOfMonth"] <= 31:
        raise ValueError("dayOfMonth")
    if kind.endswith("yearly") and not 1 <= pattern["month"] <= 12:
        raise ValueError("month")


def _range(sent: Json, first: date, zone: str) -> Json:
    kind = str(sent["type"]).lower()
    begin = date.fromisoformat(sent.get("startDate") or first.isoformat())
    end = date.fromisoformat(sent["endDate"]) if kind == "enddate" else date.min
    count = int(sent["numberOfOccurrences"]) if kind == "numbered" else 0
    if kind not in ("enddate", "noend", "numbered"):
        raise ValueError(f"range type {sent['type']!r}")
    if kind == "enddate" and end < begin:
        raise ValueError("endDate")
    if kind == "numbered" and count < 1:
        raise ValueError("numberOfOccurrences")
    return {
        "type": WIRE_TYPES[kind],
        "startDate": begin.isoformat(),
        "endDate": end.isoformat(),
        "recurrenceTimeZone": sent.get("recurrenceTimeZone") or zone,
        "numberOfOccurrences": count,
    }


def series(recurrence: Json, start: datetime) -> Series:
    """The series whose occurrences begin at the time of day of `start`.

    The first occurrence is the first day on or after startDate that fits the pattern.
    """
    begin = datetime.combine(date.fromisoformat(recurrence["range"]["startDate"]), start.time())
    return Series(begin, _rule_line(recurrence["pattern"], recurrence["range"]))


def _rule_line(pattern: Json, span: Json) -> str:
    kind = pattern["type"].lower()
    parts = [f"FREQ={PATTERNS[kind]}", f"INTERVAL={pattern['interval']}"]
    days = ",".join(DAYS[day] for day in pattern.get("daysOfWeek", ()))
    if kind.endswith("yearly"):
        parts.append(f"BYMONTH={pattern['month']}")
    if kind.startswith("relative"):
        parts += [f"BYDAY={days}", f"BYSETPOS={INDEXES[pattern['index']]}"]
    if kind.startswith("absolute"):
        parts += _day_of_month(pattern["dayOfMonth"])
    if kind == "weekly":
        parts += [f"BYDAY={days}", f"WKST={DAYS[pattern['firstDayOfWeek']]}"]
    return ";".join([*parts, *_ending(span)])


def _day_of_month(day: int) -> list[str]:
    """Outlook takes the last day of a month that is too short ([MS-OXOCAL] 2.2.1.44.1)."""
    if day <= 28:
        return [f"BYMONTHDAY={day}"]
    choices = ",".join(str(each) for each in range(28, day + 1))
    return [f"BYMONTHDAY={choices}", "BYSETPOS=-1"]


def _ending(span: Json) -> list[str]:
    kind = span["type"].lower()
    if kind == "numbered":
        return [f"COUNT={span['numberOfOccurrences']}"]
    if kind == "enddate":
        return [f"UNTIL={span['endDate'].replace('-', '')}T235959"]
    return []
