"""Lists the occurrences of a recurring series within a window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.decide.occurrence_key import occurrence_key
from shared.decide.overlap import overlaps
from shared.decide.recurrence_lines import Recurrence, read_recurrence
from shared.decide.recurrence_rule import Rule, walk_rule
from shared.decide.zone import read_zone
from shared.model import Occurrence, When, Window

MOST_OCCURRENCES = 5_000

_A_DAY = timedelta(days=1)

# A start is a date (all-day) or an instant in UTC; those of one series are all of one kind.
Start = date | datetime


def expand_recurrence(
    first: When, time_zone: str | None, recurrence: Sequence[str], window: Window
) -> tuple[Occurrence, ...]:
    """The occurrences that overlap [window.start, window.end), in order, each key once.

    `first` is DTSTART and DTEND; it always belongs to the series (RFC 5545 section 3.8.5.3)
    unless it is excluded or lies after UNTIL. `recurrence` are RRULE, RDATE, EXDATE and EXRULE
    lines. Timed series keep their wall-clock time in `time_zone` (UTC if None) over changes of
    its offset; a time that a change skips is read with the offset before it (section 3.3.5).
    Timed occurrences last equally long in elapsed time, all-day ones in days.

    Raises ValueError, without repeating the lines, for what cannot be understood, an unknown
    time zone, and more than 5,000 occurrences.
    """
    try:
        return _expand(_series(first, time_zone), read_recurrence(recurrence), window)
    except OverflowError:
        raise ValueError("a date is out of range") from None


@dataclass(frozen=True, slots=True)
class _Series:
    """The first occurrence: `wall` is its start on the clocks of `zone`, None if all-day."""

    start: Start
    wall: datetime
    length: timedelta
    zone: ZoneInfo | None

    def place(self, wall: datetime) -> Start:
        """The start that is meant by a wall-clock time."""
        if wall == self.wall:
            return self.start  # which of two equal hours it is, is known of this one only
        if self.zone is None:
            return wall.date()
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def read(self, moment: date | datetime, at: time) -> Start:
        """The start that is meant by a moment in a line; `at` completes a mere date."""
        if self.zone is None:
            return moment.date() if isinstance(moment, datetime) else moment
        if not isinstance(moment, datetime):
            return self.place(datetime.combine(moment, at))
        return moment.astimezone(UTC) if moment.tzinfo else self.place(moment)

    def clock(self, instant: datetime) -> datetime:
        """What the clocks of the series show at an instant; those of UTC if it is all-day."""
        return instant.astimezone(self.zone or UTC).replace(tzinfo=None, fold=0)

    def shown(self, start: Start) -> datetime:
        """What the clocks of the series show at a start."""
        if isinstance(start, datetime):
            return self.clock(start)
        return datetime.combine(start, time.min)

    def occurrence(self, start: Start, length: timedelta) -> Occurrence:
        """The occurrence that starts there."""
        end = start + length
        if isinstance(start, datetime) and isinstance(end, datetime):
            when = When(start_at=start, end_at=end)
        else:
            when = When(start_date=start, end_date=end)
        return Occurrence(occurrence_key(start), when)


def _series(first: When, time_zone: str | None) -> _Series:
    if first.start_date is not None and first.end_date is not None:
        wall = datetime.combine(first.start_date, time.min)
        return _Series(first.start_date, wall, first.end_date - first.start_date, None)
    if first.start_at is None or first.end_at is None:
        raise ValueError("a series has no first occurrence")
    zone = read_zone(time_zone or "UTC")
    if zone is None:
        raise ValueError("the time zone is unknown")
    wall = first.start_at.astimezone(zone).replace(tzinfo=None, microsecond=0, fold=0)
    length = first.end_at.astimezone(UTC) - first.start_at.astimezone(UTC)
    return _Series(first.start_at.astimezone(UTC), wall, length, zone)


def _expand(series: _Series, lines: Recurrence, window: Window) -> tuple[Occurrence, ...]:
    lengths = dict.fromkeys(_included(series, lines.rules, window), series.length)
    for extra in lines.extras:
        start = series.read(extra.start, series.wall.time())
        if extra.length is None or series.zone is None:
            lengths[start] = series.length
        else:
            lengths[start] = extra.length
    excluded = _excluded(series, lines, window)
    occurrences = (
        series.occurrence(start, length)
        for start, length in sorted(lengths.items())
        if not excluded or excluded.isdisjoint((start, series.shown(start).date()))
    )
    found = tuple(each for each in occurrences if overlaps(each.when, window))
    if len(found) > MOST_OCCURRENCES:
        raise ValueError("too many occurrences")
    return found


def _included(series: _Series, rules: Sequence[Rule], window: Window) -> Iterator[Start]:
    untils = [_until(series, rule) for rule in rules]
    if not rules or any(until is None or series.start <= until for until in untils):
        yield series.start
    for rule, until in zip(rules, untils, strict=True):
        yield from _walk(series, rule, until, window)


def _excluded(series: _Series, lines: Recurrence, window: Window) -> set[Start]:
    """Excluded starts, and whole days where an EXDATE of a timed series is a mere date."""
    excluded: set[Start] = set()
    for moment in lines.excluded:
        timed = series.zone is None or isinstance(moment, datetime)
        excluded.add(series.read(moment, time.min) if timed else moment)
    for rule in lines.excluded_rules:
        excluded.update(_walk(series, rule, _until(series, rule), window))
    return excluded


def _walk(series: _Series, rule: Rule, until: Start | None, window: Window) -> Iterator[Start]:
    # A day of slack on both sides, for wall clocks; what is too much is taken out by instants.
    earliest = series.clock(window.start) - series.length - _A_DAY
    latest = series.clock(window.end) + _A_DAY
    if until is not None:
        latest = min(latest, series.shown(until) + _A_DAY)
    for number, wall in enumerate(walk_rule(rule, series.wall, earliest, latest)):
        if number > MOST_OCCURRENCES:
            raise ValueError("too many occurrences")
        start = series.place(wall)
        if until is not None and start > until:
            return
        yield start


def _until(series: _Series, rule: Rule) -> Start | None:
    return None if rule.until is None else series.read(rule.until, time.max)
