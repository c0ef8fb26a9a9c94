"""One RRULE: reads it, and walks the starts that it gives within a span."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import chain, dropwhile, islice, takewhile

from dateutil.rrule import rrulestr

from shared.decide.recurrence_value import read_moment

LONGEST_WALK = 100_000
LONGEST_RULE = 2_000

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NUMBERS = re.compile(r"[+-]?[0-9]{1,4}(?:,[+-]?[0-9]{1,4})*", re.ASCII)
_SHAPES = {
    "FREQ": re.compile(r"YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY"),
    "INTERVAL": re.compile(r"0*[1-9][0-9]{0,5}", re.ASCII),
    "COUNT": re.compile(r"0*[1-9][0-9]{0,8}", re.ASCII),
    "UNTIL": re.compile(r".+"),
    "WKST": re.compile(r"MO|TU|WE|TH|FR|SA|SU"),
    "BYDAY": re.compile(r"(?:[+-]?[0-9]{0,2}(?:MO|TU|WE|TH|FR|SA|SU)(?:,|$))+(?<!,)", re.ASCII),
    "BYSETPOS": re.compile(r"[+-]?[0-9]{1,3}(?:,[+-]?[0-9]{1,3}){0,9}", re.ASCII),
    **dict.fromkeys(
        ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND"),
        _NUMBERS,
    ),
}
_UNITS = {
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
    "SECONDLY": timedelta(seconds=1),
}
# dateutil looks for the next start until the year 9999, which takes seconds if there is none.
# The Gregorian calendar repeats itself every 400 years, to the day of the week: a rule is walked
# in the last such cycle, where the search is soon over.
_CYCLE_YEARS, _CYCLE = 400, timedelta(days=146_097)


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. `parts` are those that select starts, e.g. `{"BYDAY": "MO,WE"}`."""

    freq: str
    interval: int
    count: int | None
    until: date | datetime | None
    week_start: int
    parts: Mapping[str, str]


def read_rule(value: str) -> Rule:
    """The rule of a RECUR value (RFC 5545 section 3.3.10). Raises ValueError if it is none."""
    if len(value) > LONGEST_RULE:
        raise ValueError(f"a rule is longer than {LONGEST_RULE} characters")
    parts: dict[str, str] = {}
    for part in filter(None, value.upper().split(";")):
        name, _, content = part.partition("=")
        shape = _SHAPES.get(name)
        if shape is None:
            raise ValueError("a rule has an unknown part")
        if name in parts or not shape.fullmatch(content):
            raise ValueError(f"{name} of a rule is malformed")
        parts[name] = content
    if "FREQ" not in parts:
        raise ValueError("a rule has no FREQ")
    until = parts.pop("UNTIL", None)
    count = parts.pop("COUNT", None)
    return Rule(
        freq=parts.pop("FREQ"),
        interval=int(parts.pop("INTERVAL", "1")),
        count=int(count) if count else None,
        until=read_moment(until) if until else None,
        week_start=_DAYS.index(parts.pop("WKST", "MO")),
        parts=parts,
    )


def walk_rule(
    rule: Rule, first: datetime, earliest: datetime, latest: datetime
) -> Iterator[datetime]:
    """The starts that the rule gives in [earliest, latest], in order; naive wall-clock times.

    UNTIL is left to the caller, who knows the time zone. `first` counts as the first of COUNT, as
    RFC 5545 says, whether or not the rule gives it. Raises ValueError for rules that need too
    long a walk.
    """
    if latest < max(first, earliest):
        return iter(())
    begin = first if rule.count else max(first, earliest)
    aligned = _aligned(rule, first, begin)
    _refuse_endless(rule, aligned, latest)
    shift = _CYCLE * ((MAXYEAR - latest.year) // _CYCLE_YEARS)
    walk = (found - shift for found in _guarded_walk(_completed(rule, first), aligned + shift))
    starts: Iterator[datetime] = dropwhile(lambda start: start < first, walk)
    if rule.count:
        starts = _counted(starts, first, rule.count)
    starts = dropwhile(lambda start: start < earliest, starts)
    return takewhile(lambda start: start <= latest, starts)


def _counted(starts: Iterator[datetime], first: datetime, count: int) -> Iterator[datetime]:
    start = next(starts, None)
    if start is not None:
        left = count if start == first else count - 1
        yield from islice(chain([start], starts), left)


def _guarded_walk(text: str, begin: datetime) -> Iterator[datetime]:
    try:
        walk = iter(rrulestr(text, dtstart=begin))
    except ValueError:
        raise ValueError("a rule has a part that is out of range or leaves nothing") from None
    for step, found in enumerate(walk):
        if step == LONGEST_WALK:
            raise ValueError("too many occurrences")
        yield found


def _refuse_endless(rule: Rule, begin: datetime, latest: datetime) -> None:
    """Refuse what takes more steps than anyone's calendar needs, before the first is taken."""
    unit = _UNITS.get(rule.freq)
    if unit is None:
        return
    if rule.freq in ("MINUTELY", "SECONDLY") and rule.parts:
        # dateutil may search a whole day for each step; no calendar program writes such a rule.
        raise ValueError(f"{rule.freq} goes with no other part")
    steps = (latest - begin) / (unit * rule.interval)
    if min(steps, rule.count or steps) > LONGEST_WALK:
        raise ValueError("too many occurrences")


def _aligned(rule: Rule, first: datetime, begin: datetime) -> datetime:
    """The start of the last period of the rule that begins no later than `begin`.

    Periods are counted from the one that `first` lies in, so the phase of INTERVAL is kept.
    """
    unit = _UNITS.get(rule.freq)
    if unit is not None:
        return first + (begin - first) // (unit * rule.interval) * rule.interval * unit
    midnight = first.replace(hour=0, minute=0, second=0)
    if rule.freq == "WEEKLY":
        first_week = midnight - timedelta(days=(first.weekday() - rule.week_start) % 7)
        step = timedelta(weeks=rule.interval)
        return first_week + (begin - first_week) // step * step
    yearly = rule.freq == "YEARLY"
    first_month = first.year * 12 + (0 if yearly else first.month - 1)
    months = rule.interval * (12 if yearly else 1)
    passed = begin.year * 12 + begin.month - 1 - first_month
    year, month = divmod(first_month + passed // months * months, 12)
    return midnight.replace(year=year, month=month + 1, day=1)


def _completed(rule: Rule, first: datetime) -> str:
    """The rule with all that it leaves to DTSTART spelled out, so that it may begin anywhere."""
    parts = {
        "FREQ": rule.freq,
        "INTERVAL": str(rule.interval),
        "WKST": _DAYS[rule.week_start],
        **_default_times(rule, first),
        **_default_days(rule, first),
        **rule.parts,
    }
    return ";".join(f"{name}={content}" for name, content in parts.items())


def _default_times(rule: Rule, first: datetime) -> dict[str, str]:
    times = {"BYHOUR": first.hour, "BYMINUTE": first.minute, "BYSECOND": first.second}
    finer = {"HOURLY": 1, "MINUTELY": 2, "SECONDLY": 3}.get(rule.freq, 0)
    return {name: str(number) for name, number in list(times.items())[finer:]}


def _default_days(rule: Rule, first: datetime) -> dict[str, str]:
    weekday = {"BYDAY": _DAYS[first.weekday()]}
    if rule.parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        return {}
    if rule.freq == "WEEKLY" or "BYWEEKNO" in rule.parts:
        return weekday
    if rule.freq == "MONTHLY":
        return {"BYMONTHDAY": str(first.day)}
    if rule.freq == "YEARLY":
        return {"BYMONTH": str(first.month), "BYMONTHDAY": str(first.day)}
    return {}
