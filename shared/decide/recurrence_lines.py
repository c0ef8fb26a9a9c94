"""Reads the RRULE, EXRULE, RDATE and EXDATE lines of a series."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline

from shared.decide.recurrence_rule import Rule, read_rule
from shared.decide.recurrence_value import Extra, read_extra, read_moment
from shared.decide.zone import read_zone

MOST_RULES = 10

_FOLD = re.compile(r"\r?\n[ \t]")
_BREAK = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What the lines say: rules and single extra starts, and what is taken out of them."""

    rules: tuple[Rule, ...]
    excluded_rules: tuple[Rule, ...]
    extras: tuple[Extra, ...]
    excluded: tuple[date | datetime, ...]


def read_recurrence(lines: Sequence[str]) -> Recurrence:
    """The meaning of RFC 5545 lines such as `EXDATE;TZID=Europe/Berlin:20261124T100000`.

    Raises ValueError with a text that repeats nothing of the lines.
    """
    rules: dict[str, list[Rule]] = {"RRULE": [], "EXRULE": []}
    extras: list[Extra] = []
    excluded: list[date | datetime] = []
    for name, zone, value in map(_split, _unfolded(lines)):
        if name in rules:
            rules[name].append(read_rule(value))
        elif name == "RDATE":
            extras.extend(read_extra(text, zone) for text in _values(value))
        elif name == "EXDATE":
            excluded.extend(read_moment(text, zone) for text in _values(value))
        else:
            raise ValueError("a recurrence line is none of RRULE, EXRULE, RDATE, EXDATE")
    if len(rules["RRULE"]) + len(rules["EXRULE"]) > MOST_RULES:
        raise ValueError(f"more than {MOST_RULES} rules")
    return Recurrence(tuple(rules["RRULE"]), tuple(rules["EXRULE"]), tuple(extras), tuple(excluded))


def _unfolded(lines: Sequence[str]) -> list[str]:
    """Lines without folds (RFC 5545 section 3.1), also where several stand in one text."""
    text = _FOLD.sub("", "\n".join(line.strip() for line in lines))
    return [line.strip() for line in _BREAK.split(text) if line.strip()]


def _split(line: str) -> tuple[str, ZoneInfo | None, str]:
    try:
        # icalendar leaves this constructor without annotations.
        content_line = Contentline(line)  # type: ignore[no-untyped-call]
        name, parameters, value = content_line.parts()
    except ValueError:
        raise ValueError("a recurrence line is malformed") from None
    zone_name = parameters.get("TZID")
    zone = read_zone(str(zone_name)) if zone_name else None
    if zone_name and zone is None:
        raise ValueError("a recurrence line names an unknown time zone")
    return name.upper(), zone, value.strip()


def _values(value: str) -> list[str]:
    return [text for text in value.split(",") if text.strip()]
