"""Reading the body of a POST or PATCH on an event: checks, defaults, and the stored form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.common.json_types import Json

from .errors import bad_property, bad_request
from .expansion import midnight
from .zones import is_zone, to_utc, to_wall

SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
SENSITIVITY = ("normal", "personal", "private", "confidential")
IMPORTANCE = ("low", "normal", "high")
PLAIN = {
    "subject": str,
    "categories": list,
    "isReminderOn": bool,
    "reminderMinutesBeforeStart": int,
    "responseRequested": bool,
    "allowNewTimeProposals": bool,
    "hideAttendees": bool,
    "isOnlineMeeting": bool,
}
CHOICES = {"showAs": SHOW_AS, "sensitivity": SENSITIVITY, "importance": IMPORTANCE}
# Only the owner of the mailbox (the control API) gets these past the door.
READ_ONLY = (
    "isCancelled",
    "isOrganizer",
    "isDraft",
    "responseStatus",
    "organizer",
    "originalStartTimeZone",
    "originalEndTimeZone",
    "iCalUId",
)
EXTENDED_ID = re.compile(
    r"^(String|Integer|Boolean|SystemTime|Double|Guid)(Array)? "
    r"(\{[0-9a-fA-F-]{36}\} (Name .+|Id 0x[0-9a-fA-F]+)|0x[0-9a-fA-F]+)$"
)
NEVER = "0001-01-01T00:00:00Z"
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True)
class Times:
    """Start and end of an event as naive wall times in `zone`; `end_zone` is only remembered."""

    start: datetime
    zone: str
    end: datetime
    end_zone: str


def moment(text: object, name: str) -> datetime:
    """A naive wall time; 400 if it is none. Up to seven decimals."""
    try:
        parsed = datetime.fromisoformat(_FRACTION.sub(r"\1", str(text)))
    except ValueError as error:
        raise bad_request(
            f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTime' ({name})."
        ) from error
    return parsed.replace(tzinfo=None)


def times(sent: Json, all_day: bool, before: Times | None) -> Times:
    """The times in a body, filled up from `before`; 400 if they make no event."""
    start, zone = _stated(sent, "start", (before.start, before.zone) if before else None)
    stated_end, end_zone = _stated(sent, "end", (before.end, before.zone) if before else None)
    is_new = before is None or sent.get("end") is not None
    if all_day:
        end = stated_end
        _check_all_day(start, end, zone, end_zone if is_new else zone)
    else:
        end = to_wall(to_utc(stated_end, end_zone), zone)
    if end < start:
        raise bad_property("The end of the event lies before its start.")
    return Times(start, zone, end, before.end_zone if before and not is_new else end_zone)


def _stated(sent: Json, name: str, before: tuple[datetime, str] | None) -> tuple[datetime, str]:
    value = sent.get(name)
    if value is None and before is not None:
        return before
    if not isinstance(value, dict) or not value.get("dateTime"):
        raise bad_property(f"Property '{name}' must have a dateTime and a timeZone.")
    zone = value.get("timeZone") or "UTC"
    if not is_zone(zone):
        raise bad_request(
            f"The following TimeZone value is not supported: '{zone}'.",
            "TimeZoneNotSupportedException",
        )
    return moment(value["dateTime"], name), str(zone)


def _check_all_day(start: datetime, end: datetime, zone: str, end_zone: str) -> None:
    if not midnight(start) or not midnight(end):
        raise bad_property(
            "The Event.Start and Event.End properties of an all-day event need to be midnight."
        )
    if zone != end_zone:
        raise bad_property("Start and end of an all-day event need the same time zone.")
    if end - start < timedelta(days=1):
        raise bad_property("The duration of an all-day event must be at least 24 hours.")


def fields(sent: Json, *, trusted: bool) -> Json:
    """The stored form of whatever a body says besides its times and recurrence; 400 if wrong."""
    found: Json = {name: _typed(name, sent[name], PLAIN[name]) for name in PLAIN if name in sent}
    found |= {name: _choice(name, sent[name], CHOICES[name]) for name in CHOICES if name in sent}
    found |= {
        name: _read(name, READERS[name], sent[name])
        for name in READERS
        if sent.get(name) is not None
    }
    if "location" in found and "locations" not in found:
        found["locations"] = [found["location"]] if found["location"]["displayName"] else []
    if trusted:
        found |= {name: sent[name] for name in READ_ONLY if name in sent}
    return found


def _typed(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) and value is not None:
        raise bad_request(f"Property {name} in payload has a value that does not match schema.")
    return value


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    for each in allowed:
        if str(value).lower() == each.lower():
            return each
    raise bad_request(f"Requested value '{value}' was not found for property {name}.")


def _read(name: str, reader: Callable[[Any], Any], value: Any) -> Any:
    try:
        return reader(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise bad_request(
            f"Property {name} in payload has a value that does not match schema."
        ) from error


def _body(value: Json) -> Json:
    kind = str(value.get("contentType") or "text").lower()
    return {"contentType": kind, "content": value.get("content") or ""}


def _location(value: Json) -> Json:
    name = value.get("displayName") or ""
    kept = {key: value[key] for key in ("address", "coordinates", "locationUri") if key in value}
    unique = {"uniqueId": name, "uniqueIdType": "private"} if name else {"uniqueIdType": "unknown"}
    return {"displayName": name, "locationType": "default"} | unique | kept


def _locations(value: list[Json]) -> list[Json]:
    return [_location(each) for each in value]


def _attendees(value: list[Json]) -> list[Json]:
    return [
        {
            "type": str(each.get("type") or "required").lower(),
            "status": each.get("status") or {"response": "none", "time": NEVER},
            "emailAddress": {
                "name": each["emailAddress"].get("name") or each["emailAddress"]["address"],
                "address": each["emailAddress"]["address"],
            },
        }
        for each in value
    ]


READERS: dict[str, Callable[[Any], Any]] = {
    "body": _body,
    "location": _location,
    "locations": _locations,
    "attendees": _attendees,
    "onlineMeetingProvider": str,
}


def extended(sent: Json) -> dict[str, str]:
    """The single-value extended properties in a body by id; 400 for an id of another form."""
    found: dict[str, str] = {}
    for each in sent.get("singleValueExtendedProperties") or ():
        name = str(each.get("id"))
        if EXTENDED_ID.match(name) is None:
            raise bad_request(f"Property id '{name}' is not a valid extended property id.")
        found[name] = str(each.get("value"))
    return found
