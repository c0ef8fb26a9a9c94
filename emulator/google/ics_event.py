"""One VEVENT as the fields of a Google event, or the named reason why not."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emulator.common.json_types import Json

from .event_time import When, zone
from .ics_split import Component
from .ics_zones import ZoneBook, fixed_zone, unescaped

_LINE = re.compile(
    r'^(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^=;:"]+=(?:"[^"]*"|[^";:])*)*):(?P<value>.*)$',
    re.DOTALL,
)
_PARAMETER = re.compile(r';([^=;:"]+)=((?:"[^"]*"|[^";:])*)')
_STAMP = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$")
_DURATION = re.compile(r"^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
RESPONSES = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
VISIBILITY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}


class Refused(Exception):
    """This component cannot become an event; `reason` is a fixed word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Property:
    """A content line: upper-case parameter names, raw value."""

    parameters: dict[str, str]
    value: str


@dataclass(frozen=True)
class IcsEvent:
    """What was read. `recurrence_id` names the occurrence that this one overrides."""

    uid: str
    sequence: int
    recurrence_id: When | None
    fields: Json
    organizer: Json | None


@dataclass(frozen=True)
class Reader:
    """Reads the VEVENTs of one calendar object; floating times are in `calendar_zone`."""

    zones: ZoneBook
    calendar_zone: str

    def read(self, component: Component, fallback_uid: str) -> IcsEvent:
        """The event; Refused with a reason."""
        if not component.is_closed:
            raise Refused("unterminated_component")
        held = _properties(component)
        start = self._start(held)
        fields = _texts(held) | self._times(held, start)
        lines = list(self._recurrence(held, start))
        if lines:
            fields["recurrence"] = lines
        return IcsEvent(
            uid=_text(held, "UID") or fallback_uid,
            sequence=_number(_text(held, "SEQUENCE")),
            recurrence_id=self._recurrence_id(held, start),
            fields=fields,
            organizer=_organizer(held),
        )

    def _start(self, held: dict[str, list[Property]]) -> When:
        if "DTSTART" not in held:
            raise Refused("missing_start")
        recurs = "RRULE" in held or "RDATE" in held
        return self._when(held["DTSTART"][0], recurs=recurs)

    def _times(self, held: dict[str, list[Property]], start: When) -> Json:
        end = self._end(held, start)
        if (start.day is None) != (end.day is None):
            raise Refused("mixed_start_and_end")
        if start.day is not None and end.day == start.day:
            # Outlook and others write a day that ends on itself; a day lasts a day.
            end = start.shifted(start.wall() + timedelta(days=1))
        if end.instant() < start.instant():
            raise Refused("ends_before_it_starts")
        return {name: _stated(when) for name, when in (("start", start), ("end", end))}

    def _end(self, held: dict[str, list[Property]], start: When) -> When:
        """DTEND, or DURATION, or RFC 5545 3.6.1: a day for a date, no time for a moment."""
        if "DTEND" in held:
            return self._when(held["DTEND"][0], recurs=False)
        if "DURATION" in held:
            length = _duration(held["DURATION"][0].value)
            if start.day is not None:
                return start.shifted(start.wall() + length)
            return When(None, start.instant() + length, start.zone)
        return start

    def _when(self, prop: Property, *, recurs: bool) -> When:
        wall, is_day, is_utc = _stamp(prop.value)
        if is_day:
            return When(wall.date(), None, self.calendar_zone)
        if is_utc:
            return When(None, wall.replace(tzinfo=UTC), "UTC")
        name = prop.parameters.get("TZID", "").strip()
        if not name:
            return When(None, wall.replace(tzinfo=zone(self.calendar_zone)), self.calendar_zone)
        known = self.zones.iana(name, wall)
        if known is not None:
            return When(None, wall.replace(tzinfo=zone(known)), known)
        return self._by_rules(name, wall, recurs=recurs)

    def _by_rules(self, name: str, wall: datetime, *, recurs: bool) -> When:
        """A zone nobody else has: a moment keeps its instant, a series its offset if it has one."""
        rules = self.zones.rules(name)
        offset = None if rules is None else rules.utcoffset(wall)
        if offset is None:
            raise Refused("unknown_time_zone", name)
        moment = (wall - offset).replace(tzinfo=UTC)
        fixed = fixed_zone(offset) if recurs else None
        return When(None, moment, fixed or "UTC")

    def _recurrence_id(self, held: dict[str, list[Property]], start: When) -> When | None:
        if "RECURRENCE-ID" not in held:
            return None
        prop = held["RECURRENCE-ID"][0]
        if prop.parameters.get("RANGE"):
            raise Refused("unsupported_range", prop.parameters["RANGE"])
        wall, is_day, is_utc = _stamp(prop.value)
        is_floating = not is_day and not is_utc and not prop.parameters.get("TZID")
        if is_floating and start.day is None:
            return start.shifted(wall)
        return self._when(prop, recurs=False)

    def _recurrence(self, held: dict[str, list[Property]], start: When) -> "list[str]":
        rules = [
            f"{n}:{_squeezed(p.value)}"
            for n in ("RRULE", "EXRULE")
            for p in held.get(n, ())
            if p.value
        ]
        dates = [
            self._date_line(name, prop, start)
            for name in ("RDATE", "EXDATE")
            for prop in held.get(name, ())
            if prop.value.strip()
        ]
        if not rules and not any(line.startswith("RDATE") for line in dates):
            return []
        return rules + dates

    def _date_line(self, name: str, prop: Property, start: When) -> str:
        """RDATE or EXDATE with every value in UTC, as a date, or in the zone of the series."""
        stamps = [
            self._date_value(value, prop, start) for value in prop.value.split(",") if value.strip()
        ]
        if start.day is not None:
            return f"{name};VALUE=DATE:{','.join(stamp[:8] for stamp in stamps)}"
        if all(len(stamp) == 8 for stamp in stamps):
            return f"{name};VALUE=DATE:{','.join(stamps)}"
        return f"{name}:{','.join(stamp for stamp in stamps if len(stamp) != 8)}"

    def _date_value(self, value: str, prop: Property, start: When) -> str:
        bare = value.strip().split("/")[0]
        try:
            wall, is_day, _ = _stamp(bare)
        except Refused as error:
            raise Refused("unreadable_recurrence", value) from error
        if is_day or start.day is not None:
            return f"{wall:%Y%m%d}"
        if prop.parameters.get("TZID") or bare.endswith("Z"):
            when = self._when(Property(prop.parameters, bare), recurs=False)
        else:
            when = start.shifted(wall)
        return f"{when.instant():%Y%m%dT%H%M%SZ}"


def _properties(component: Component) -> dict[str, list[Property]]:
    """The readable content lines by name; one that cannot be read is passed over."""
    held: dict[str, list[Property]] = {}
    for line in component.lines:
        match = _LINE.match(line)
        if match is None:
            continue
        parameters = {
            name.upper(): value.strip('"')
            for name, value in _PARAMETER.findall(match["parameters"])
        }
        prop = Property(parameters, match["value"].strip())
        held.setdefault(match["name"].upper(), []).append(prop)
    return held


def uid_of(component: Component) -> str:
    """The UID, for reports about a component that cannot be read."""
    return _text(_properties(component), "UID")


def _stamp(text: str) -> tuple[datetime, bool, bool]:
    """`(wall time, is a date, is UTC)` of a DATE or DATE-TIME value."""
    match = _STAMP.match(text.strip().upper())
    if match is None:
        raise Refused("unreadable_date", text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        # A leap second is the last second of its minute here; wall time has no zone.
        wall = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001
    except ValueError as error:
        raise Refused("unreadable_date", text) from error
    return wall, match[4] is None, match[7] == "Z"


def _squeezed(rule: str) -> str:
    """A rule without the blanks that some programs put behind commas."""
    return re.sub(r"\s+", "", rule)


def _duration(text: str) -> timedelta:
    match = _DURATION.match(text.strip().upper())
    if match is None or not any(match.groups()[1:]):
        raise Refused("unreadable_duration", text)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] == "-" else length


def _stated(when: When) -> Json:
    return when.render(when.zone)


def _text(held: dict[str, list[Property]], name: str) -> str:
    return unescaped(held[name][0].value) if name in held else ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _texts(held: dict[str, list[Property]]) -> Json:
    fields: Json = {
        name.lower(): _text(held, name) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")
    }
    status = _text(held, "STATUS").upper()
    if status in ("TENTATIVE", "CANCELLED"):
        fields["status"] = status.lower()
    if _text(held, "TRANSP").upper() == "TRANSPARENT":
        fields["transparency"] = "transparent"
    visibility = VISIBILITY.get(_text(held, "CLASS").upper())
    if visibility is not None:
        fields["visibility"] = visibility
    guests = [_guest(prop) for prop in held.get("ATTENDEE", ())]
    fields["attendees"] = [guest for guest in guests if guest is not None]
    return {name: value for name, value in fields.items() if value}


def _address(prop: Property) -> str | None:
    address = re.sub(r"^mailto:", "", prop.value.strip(), flags=re.IGNORECASE).strip()
    return address if "@" in address else None


def _guest(prop: Property) -> Json | None:
    """An attendee; None for one without e-mail address, whom Google cannot hold."""
    email = _address(prop)
    if email is None:
        return None
    response = RESPONSES.get(prop.parameters.get("PARTSTAT", "").upper(), "needsAction")
    guest: Json = {"email": email, "responseStatus": response}
    if prop.parameters.get("CN"):
        guest["displayName"] = prop.parameters["CN"]
    if prop.parameters.get("ROLE", "").upper() == "OPT-PARTICIPANT":
        guest["optional"] = True
    return guest


def _organizer(held: dict[str, list[Property]]) -> Json | None:
    prop = held["ORGANIZER"][0] if "ORGANIZER" in held else None
    email = _address(prop) if prop is not None else None
    if prop is None or email is None:
        return None
    name = prop.parameters.get("CN")
    return {"email": email} | ({"displayName": name} if name else {})
