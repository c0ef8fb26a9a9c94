"""Which IANA zone a TZID of an .ics file means (RFC 5545 3.2.19)."""

import re
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from .event_time import is_zone, zone
from .ics_split import Component

_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
SAMPLED_YEARS = 3


@lru_cache(maxsize=1)
def _by_lower_name() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1)
def _common_zones() -> tuple[str, ...]:
    """One zone for each rule in use, the best known ones: Microsoft's territory 001 choices."""
    return tuple(sorted(set(WINDOWS_TO_OLSON.values())))


def unescaped(text: str) -> str:
    """A TEXT value without its backslashes (RFC 5545 3.3.11)."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], text)


def named_zone(name: str) -> str | None:
    """The IANA zone that a name alone tells; None if it does not."""
    bare = name.strip().strip('"').strip()
    if not bare:
        return None
    parts = bare.strip("/").split("/")
    tails = ["/".join(parts[-count:]) for count in (len(parts), 3, 2, 1)]
    guesses = [*tails, bare.replace("_", "/", 1), WINDOWS_TO_OLSON.get(bare, "")]
    for guess in guesses:
        known = _by_lower_name().get(guess.lower())
        if known is not None and is_zone(known):
            return known
    return None


class ZoneBook:
    """The zones defined in one calendar object, by TZID."""

    def __init__(self, components: list[Component]) -> None:
        self._defined: dict[str, Component] = {}
        for component in components:
            if component.kind == "VTIMEZONE":
                self._defined.setdefault(_property(component, "TZID").strip(), component)

    def iana(self, tzid: str, around: datetime) -> str | None:
        """The IANA zone with that name, or with the same rules as its definition then."""
        by_name = named_zone(tzid)
        definition = self._defined.get(tzid.strip())
        if by_name is not None or definition is None:
            return by_name
        location = named_zone(_property(definition, "X-LIC-LOCATION"))
        if location is not None:
            return location
        rules = self.rules(tzid)
        return None if rules is None else _equivalent(rules, around)

    def rules(self, tzid: str) -> tzinfo | None:
        """The definition as a tzinfo; None if there is none or it cannot be read."""
        definition = self._defined.get(tzid.strip())
        if definition is None:
            return None
        try:
            parsed = Timezone.from_ical("\r\n".join(definition.whole) + "\r\n")
            if not isinstance(parsed, Timezone):
                return None
            # Never look the name up: other files call other rules by the same one.
            rules: tzinfo = parsed.to_tz(lookup_tzid=False)
            rules.utcoffset(datetime(2000, 1, 1))  # noqa: DTZ001 - wall time asked of a zone
        except _UNREADABLE:
            return None
        return rules


def _property(component: Component, name: str) -> str:
    for line in component.lines:
        head, _, value = line.partition(":")
        if head.split(";")[0].upper() == name:
            return unescaped(value)
    return ""


def _equivalent(rules: tzinfo, around: datetime) -> str | None:
    """The zone whose offsets agree, every ten days over a few years."""
    first = around.replace(month=1, day=1, hour=12, minute=0, second=0, microsecond=0)
    samples = [first + timedelta(days=10 * step) for step in range(SAMPLED_YEARS * 36)]
    try:
        wanted = [rules.utcoffset(sample) for sample in samples]
    except _UNREADABLE:
        return None
    for name in _common_zones():
        candidate = zone(name)
        if all(
            candidate.utcoffset(sample) == offset
            for sample, offset in zip(samples, wanted, strict=True)
        ):
            return name
    return None


def fixed_zone(offset: timedelta) -> str | None:
    """`Etc/GMT-3` for whole hours east of Greenwich; None for other offsets."""
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    name = f"Etc/GMT{-hours:+d}" if hours else "UTC"
    return name if rest == 0 and is_zone(name) else None
