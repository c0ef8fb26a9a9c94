"""Reads the times of an iCalendar component."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.decide.google_time import EARLIEST, LATEST
from shared.decide.ics_components import Line, Lines
from shared.decide.ics_zone import ZoneBook
from shared.decide.occurrence_key import occurrence_key
from shared.decide.read_json import CannotMirror
from shared.decide.recurrence_value import read_moment
from shared.decide.zone import read_zone
from shared.model import When

_A_DAY = timedelta(days=1)
_DURATION = re.compile(
    r"\+?P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, or an instant in UTC with the zone on whose clocks it was given.

    `zone` is None for a date, and where the object defines a zone that has no name: `wall` and
    the instant hold, but nothing can recur by its clocks.
    """

    value: date | datetime
    wall: datetime
    zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Reads moments of one object: floating times are on the clocks of `calendar_zone`."""

    zones: ZoneBook
    calendar_zone: str

    def moment(self, line: Line, name: str, floating: ZoneInfo | None = None) -> Moment:
        """A DATE or DATE-TIME. Raises CannotMirror naming `name`.

        A time without zone is on the clocks of `floating`, or else of the calendar.
        """
        try:
            written = read_moment(line.value.upper())
            found = self._placed(written, line.parameters, floating)
        except ValueError:
            raise CannotMirror(f"bad_{name}", f"The {name} is no date or time.") from None
        except OverflowError:
            raise _out_of_range(name) from None
        if not EARLIEST <= found.wall.date() <= LATEST:
            raise _out_of_range(name)
        return found

    def _placed(
        self, written: date | datetime, parameters: Mapping[str, str], floating: ZoneInfo | None
    ) -> Moment:
        if not isinstance(written, datetime):
            return Moment(written, datetime.combine(written, datetime.min.time()), None)
        if written.tzinfo is not None:
            return Moment(written, written.replace(tzinfo=None), read_zone("UTC"))
        tzid = parameters.get("TZID", "").strip()
        if not tzid:
            zone = floating or read_zone(self.calendar_zone)
        else:
            zone = self.zones.named(tzid, written)
        if zone is not None:
            return Moment(written.replace(tzinfo=zone).astimezone(UTC), written, zone)
        defined = self.zones.instant(tzid, written)
        if defined is None:
            raise CannotMirror("unknown_time_zone", "A time names a zone that nobody knows.")
        return Moment(defined, written, None)


def read_ics_when(lines: Lines, clocks: Clocks) -> tuple[Moment, When]:
    """The start, and start and exclusive end. Raises CannotMirror where there is none.

    Without DTEND and DURATION a date lasts a day and a time no time (RFC 5545 section 3.6.1).
    """
    if not lines.get("DTSTART"):
        raise CannotMirror("missing_start", "The event has no start.")
    start = clocks.moment(lines["DTSTART"][0], "start")
    end = _end(lines, start, clocks)
    if isinstance(start.value, datetime) != isinstance(end, datetime):
        raise CannotMirror("bad_end", "Only one of start and end has a time of day.")
    if end < start.value:
        raise CannotMirror("end_before_start", "The event ends before it starts.")
    if isinstance(start.value, datetime) and isinstance(end, datetime):
        return start, When(start_at=start.value, end_at=end)
    # Outlook and others write a day that ends on itself; a day lasts a day.
    return start, When(start_date=start.value, end_date=max(end, start.value + _A_DAY))


def read_occurrence_key(lines: Lines, series: Moment, clocks: Clocks) -> str:
    """Which instance of the series that starts at `series` RECURRENCE-ID names.

    Programs mix dates with times, and write times without zone: what the series is, counts.
    """
    line = lines["RECURRENCE-ID"][0]
    if line.parameters.get("RANGE"):
        raise CannotMirror("unsupported_range", "The change stands for many instances at once.")
    original = clocks.moment(line, "recurrence_id", series.zone)
    if not isinstance(series.value, datetime):
        return occurrence_key(original.wall.date())
    if isinstance(original.value, datetime):
        return occurrence_key(original.value)
    wall = datetime.combine(original.value, series.wall.time())
    # With the series' own distance from UTC where its zone has no name.
    instant = (
        wall.replace(tzinfo=series.zone)
        if series.zone
        else (wall + (series.value.replace(tzinfo=None) - series.wall)).replace(tzinfo=UTC)
    )
    return occurrence_key(instant)


def read_ics_stamp(lines: Lines, name: str) -> datetime | None:
    """CREATED or LAST-MODIFIED in UTC; None if it is absent or unreadable."""
    for line in lines.get(name, ()):
        try:
            moment = read_moment(line.value.upper(), ZoneInfo("UTC"))
        except ValueError:
            continue
        if isinstance(moment, datetime) and EARLIEST <= moment.date() <= LATEST:
            return moment.astimezone(UTC)
    return None


def read_ics_recurrence(lines: Lines, start: Moment, clocks: Clocks) -> tuple[str, ...]:
    """RRULE, EXRULE, RDATE and EXDATE as Google writes them: dates, or times in UTC.

    Empty for what does not recur. Raises CannotMirror for dates that cannot be read.
    """
    rules = [
        f"{name}:{''.join(line.value.split())}"
        for name in ("RRULE", "EXRULE")
        for line in lines.get(name, ())
        if line.value.strip()
    ]
    dates = [
        written
        for name in ("RDATE", "EXDATE")
        for line in lines.get(name, ())
        for written in _date_lines(name, line, start, clocks)
    ]
    recurs = any(line.startswith(("RRULE", "RDATE")) for line in [*rules, *dates])
    return (*rules, *dates) if recurs else ()


def _end(lines: Lines, start: Moment, clocks: Clocks) -> date | datetime:
    if lines.get("DTEND"):
        return clocks.moment(lines["DTEND"][0], "end", start.zone).value
    if not lines.get("DURATION"):
        return start.value
    match = _DURATION.fullmatch(lines["DURATION"][0].value.strip().upper())
    if match is None or not any(match.groups()):
        raise CannotMirror("bad_duration", "The duration is none, or negative.")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    nominal = timedelta(weeks=weeks, days=days)
    exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        return _after(start, nominal, exact)
    except OverflowError:
        raise _out_of_range("end") from None


def _after(start: Moment, nominal: timedelta, exact: timedelta) -> date | datetime:
    """Days go by the clock on the wall, hours by elapsed time (RFC 5545 section 3.8.2.5)."""
    if start.zone is None:
        return start.value + nominal + exact
    return (start.wall + nominal).replace(tzinfo=start.zone).astimezone(UTC) + exact


def _date_lines(name: str, line: Line, start: Moment, clocks: Clocks) -> Iterator[str]:
    values = [text.strip() for text in line.value.split(",") if text.strip()]
    stamps = [_stamp(Line(line.parameters, text), start, clocks) for text in values]
    for kind, shaped in (
        (";VALUE=DATE", [each for each in stamps if "T" not in each]),
        ("", [each for each in stamps if "T" in each and "/" not in each]),
        (";VALUE=PERIOD", [each for each in stamps if "/" in each]),
    ):
        if shaped:
            yield f"{name}{kind}:{','.join(shaped)}"


def _stamp(line: Line, start: Moment, clocks: Clocks) -> str:
    begin, slash, end = line.value.partition("/")
    first = clocks.moment(Line(line.parameters, begin), "recurrence", start.zone)
    if not isinstance(start.value, datetime) or not isinstance(first.value, datetime):
        return occurrence_key(first.wall.date())
    if not slash:
        return occurrence_key(first.value)
    if end[:1] not in ("P", "+"):
        last = clocks.moment(Line(line.parameters, end), "recurrence", start.zone)
        end = occurrence_key(last.value)
    return f"{occurrence_key(first.value)}/{end}"


def _out_of_range(name: str) -> CannotMirror:
    return CannotMirror("date_out_of_range", f"The {name} lies beyond the years 1 to 9999.")
