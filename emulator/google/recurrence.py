"""Expansion of RRULE, EXRULE, RDATE and EXDATE lines, in the event's own zone (RFC 5545 3.8.5)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from dateutil.rrule import rrule, rruleset, rrulestr

from .errors import invalid
from .event_time import LAST_YEAR, is_zone, zone

MAX_INSTANCES = 730
_LINE = re.compile(r"^(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:]*)?):(.+)$", re.IGNORECASE)
_HOSTILE = re.compile(r"FREQ=(SECOND|MINUTE)LY|INTERVAL=0*(;|$)", re.IGNORECASE)
_ENDS = re.compile(r"(UNTIL|COUNT)=", re.IGNORECASE)
# An endless rule that never matches must not be searched up to the year 9999.
HORIZON_YEAR, HORIZON_YEARS = 2100, 50
_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """A series: its first wall time, its zone and its recurrence lines."""

    first: datetime
    zone: str
    whole_day: bool
    lines: tuple[str, ...]


def _wall(text: str, rule_zone: str, stated_zone: str | None) -> datetime:
    """A DATE or DATE-TIME value as naive wall time in the zone of the series."""
    stamp = text.strip().split("/")[0].upper()
    if stamp[:4] > str(LAST_YEAR):
        raise ValueError(f"too late: {text}")
    if len(stamp) == 8:
        return datetime.strptime(stamp, "%Y%m%d")  # noqa: DTZ007 - wall time has no zone
    wall = datetime.strptime(stamp.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - as above
    if stamp.endswith("Z"):
        return wall.replace(tzinfo=UTC).astimezone(zone(rule_zone)).replace(tzinfo=None)
    if stated_zone is not None and stated_zone != rule_zone and is_zone(stated_zone):
        moment = wall.replace(tzinfo=zone(stated_zone))
        return moment.astimezone(zone(rule_zone)).replace(tzinfo=None)
    return wall


def _dates(rule: Rule, parameters: str, values: str) -> Iterator[datetime]:
    stated = re.search(r"TZID=\"?([^;\"]+)\"?", parameters, re.IGNORECASE)
    for text in values.split(","):
        wall = _wall(text, rule.zone, stated.group(1) if stated else None)
        # A bare date among timed occurrences names the occurrence of that day.
        is_bare_date = len(text.strip()) == 8
        yield datetime.combine(wall, rule.first.time()) if is_bare_date else wall


def _until_as_wall(text: str, rule: Rule) -> str:
    """UNTIL in wall time of the series: dateutil compares it with naive values."""

    def replaced(match: re.Match[str]) -> str:
        stamp = match.group(1)
        if int(stamp[:4]) > _last_year(rule):
            return f"UNTIL={_last_year(rule)}1231T235959"
        if len(stamp) == 8:
            return f"UNTIL={stamp}T235959"
        wall = _wall(stamp, rule.zone, None)
        if rule.whole_day:
            return f"UNTIL={wall:%Y%m%d}T235959"
        return f"UNTIL={wall:%Y%m%dT%H%M%S}"

    return _UNTIL.sub(replaced, text)


def _bounded(text: str, rule: Rule) -> str:
    if _ENDS.search(text):
        return text
    return f"{text};UNTIL={_last_year(rule)}1231T235959"


def _last_year(rule: Rule) -> int:
    return min(max(rule.first.year + HORIZON_YEARS, HORIZON_YEAR), LAST_YEAR)


def _add_line(result: rruleset, rule: Rule, line: str) -> None:
    match = _LINE.match(line.strip())
    if match is None:
        raise ValueError(f"not a recurrence line: {line}")
    name, parameters, value = match.group(1).upper(), match.group(2), match.group(3)
    if name in ("RRULE", "EXRULE"):
        if _HOSTILE.search(value):
            raise ValueError(f"repeats too often: {line}")
        parsed = rrulestr(_bounded(_until_as_wall(value, rule), rule), dtstart=rule.first)
        if not isinstance(parsed, rrule):
            raise ValueError(f"not a single rule: {line}")
        (result.rrule if name == "RRULE" else result.exrule)(parsed)
        return
    for wall in _dates(rule, parameters, value):
        (result.rdate if name == "RDATE" else result.exdate)(wall)


@lru_cache(maxsize=4096)
def _compiled(rule: Rule) -> rruleset:
    result = rruleset(cache=True)
    for line in rule.lines:
        _add_line(result, rule, line)
    # DTSTART always counts as the first occurrence (RFC 5545 3.8.5.3).
    result.rdate(rule.first)
    return result


def check_lines(rule: Rule) -> None:
    """400 if a line cannot be read."""
    for line in rule.lines:
        try:
            _add_line(rruleset(), rule, line)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise invalid(f"Invalid recurrence rule: {line}") from error


def starts(rule: Rule, after: datetime | None = None) -> Iterator[datetime]:
    """Wall times of the occurrences in order, from `after` (naive, inclusive) or the first.

    Ends where the rule ends; a caller of an endless rule stops by itself.
    """
    compiled = _compiled(rule)
    previous = None
    sequence = iter(compiled) if after is None else compiled.xafter(after, inc=True)
    for wall in sequence:
        if wall != previous:
            yield wall
        previous = wall


def contains(rule: Rule, wall: datetime) -> bool:
    """Whether the series has an occurrence beginning exactly then."""
    return next(starts(rule, wall), None) == wall
