"""Which time zone the TZID of an iCalendar object means (RFC 5545 section 3.2.19)."""

import re
from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.decide.ics_components import Component, cut_calendar
from shared.decide.zone import read_zone

SAMPLED_YEARS = 3
LONGEST_DEFINITION = 50_000

# Clocks change some times a year; other rules would be walked for hours.
_DENSE = re.compile(
    r"^(?:RRULE|EXRULE)(?!.*FREQ=YEARLY)|^RRULE.*BY(?:HOUR|MINUTE|SECOND)", re.M | re.I
)
_RECENT = datetime(2025, 1, 1)  # noqa: DTZ001 - a wall-clock time, for calendars that tell none
_NAMES = frozenset({"TZID", "X-LIC-LOCATION"})
# What icalendar and dateutil raise for definitions that make no sense.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


class ZoneBook:
    """The zones that one calendar object names and defines."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._locations: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        for component in components:
            if component.kind == "VTIMEZONE":
                self._define(component)

    def named(self, tzid: str, around: datetime) -> ZoneInfo | None:
        """The zone of that name, or the one with the same clocks as its definition.

        Clocks are compared over three years from that of `around`, a naive wall-clock time.
        """
        by_name = _by_name(tzid) or _by_name(self._locations.get(tzid, ""))
        source = self._sources.get(tzid)
        if by_name is not None or source is None:
            return by_name
        return _equivalent(source, around.year)

    def instant(self, tzid: str, wall: datetime) -> datetime | None:
        """The instant of a wall-clock time by the object's own definition; None without one."""
        offsets = _offsets(self._sources.get(tzid, ""), (wall,))
        return (wall - offsets[0]).replace(tzinfo=UTC) if offsets else None

    def _define(self, component: Component) -> None:
        lines = component.lines(_NAMES)
        for line in lines.get("TZID", ()):
            tzid = line.text.strip()
            self._sources.setdefault(tzid, "\r\n".join(component.source) + "\r\n")
            for location in lines.get("X-LIC-LOCATION", ()):
                self._locations.setdefault(tzid, location.text)


def _by_name(tzid: str) -> ZoneInfo | None:
    """An IANA or Windows name, also behind the prefixes of libraries.

    `/freeassociation.sourceforge.net/Tzfile/Europe/Berlin` and `/mozilla.org/20070129_1/Asia/Tokyo`
    end with the name; `Europe_Berlin` is what some programs make of it.
    """
    bare = tzid.strip().strip('"').strip()
    parts = bare.strip("/").split("/")
    tails = ["/".join(parts[-count:]) for count in (3, 2, 1) if count <= len(parts)]
    guesses = [bare, *tails, bare.replace("_", "/", 1)]
    return next(filter(None, map(read_zone, guesses)), None)


@lru_cache(maxsize=64)
def _equivalent(source: str, year: int) -> ZoneInfo | None:
    """The zone whose offsets agree every ten days over a few years; best known names first."""
    first = datetime(min(year, MAXYEAR - SAMPLED_YEARS), 1, 1, 12)  # noqa: DTZ001 - a wall clock
    samples = [first + timedelta(days=10 * step) for step in range(SAMPLED_YEARS * 36)]
    wanted = _offsets(source, samples)
    if not wanted:
        return None
    pairs = list(zip(samples, wanted, strict=True))
    agreeing = (
        zone
        for zone in _common_zones()
        if all(zone.utcoffset(sample) == offset for sample, offset in pairs)
    )
    return next(agreeing, None)


def _offsets(source: str, walls: Sequence[datetime]) -> list[timedelta]:
    """The offsets of a definition at wall-clock times; empty where it makes no sense."""
    if len(source) > LONGEST_DEFINITION or _DENSE.search(source):
        return []
    try:
        rules = _rules(source)
        return [rules.utcoffset(wall) or timedelta(0) for wall in walls]
    except _UNREADABLE:
        return []


@lru_cache(maxsize=64)
def _rules(source: str) -> tzinfo:
    # Never look the name up: other objects call other rules by the same one.
    parsed = cast("Timezone", Timezone.from_ical(source))
    rules: tzinfo = parsed.to_tz(lookup_tzid=False)
    return rules


@lru_cache(maxsize=1)
def _common_zones() -> tuple[ZoneInfo, ...]:
    """One zone for each set of rules in use: Microsoft's choices, and whole hours from UTC."""
    hours = [f"Etc/GMT{shift:+d}" for shift in range(-14, 13) if shift]
    names = ["UTC", *sorted(set(WINDOWS_TO_OLSON.values())), *hours]
    return tuple(filter(None, map(read_zone, names)))


def read_calendar_zone(text: str) -> str | None:
    """The IANA zone of a calendar-timezone property: a name, or a VCALENDAR that defines one."""
    if not text.lstrip().upper().startswith("BEGIN:"):
        zone = _by_name(text)
        return zone.key if zone else None
    components = cut_calendar(text).components
    book = ZoneBook(components)
    names = (
        line.text.strip() for each in components for line in each.lines(_NAMES).get("TZID", ())
    )
    found = (book.named(name, _RECENT) for name in names)
    return next((zone.key for zone in found if zone), None)
