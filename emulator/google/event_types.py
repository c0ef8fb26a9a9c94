"""Rules of the event types that are not plain meetings (guides/calendar-status)."""

from emulator.common.json_types import Json

from .errors import ApiError, invalid, required
from .model import Calendar

_PROPERTIES = {
    "workingLocation": "workingLocationProperties",
    "outOfOffice": "outOfOfficeProperties",
    "focusTime": "focusTimeProperties",
    "birthday": "birthdayProperties",
}
_ONLY_TIMED = frozenset({"outOfOffice", "focusTime"})


def _restricted(message: str) -> ApiError:
    return ApiError(400, "eventTypeRestriction", message, domain="calendar")


def shaped(body: Json, calendar: Calendar, previous: Json | None) -> Json:
    """The body with what its type implies; 400 `eventTypeRestriction` if the type forbids it."""
    kind = body["eventType"]
    if previous is not None and previous.get("eventType", kind) != kind:
        raise _restricted("Event type cannot be changed.")
    if kind == "default":
        return {key: value for key, value in body.items() if key not in _PROPERTIES.values()}
    if kind == "fromGmail" and previous is None:
        raise _restricted("Events of type fromGmail cannot be created.")
    if calendar.id != calendar.owner:
        raise _restricted(f"Events of type {kind} can only be created on primary calendars.")
    if kind in _ONLY_TIMED and "date" in body["start"]:
        raise _restricted(f"Events of type {kind} cannot be all-day.")
    if kind == "workingLocation":
        return _working_location(body)
    return _birthday(body) if kind == "birthday" else _with_properties(body, kind)


def _with_properties(body: Json, kind: str) -> Json:
    name = _PROPERTIES.get(kind)
    return body if name is None else body | {name: body.get(name, {})}


def _working_location(body: Json) -> Json:
    """A working location never blocks time: transparent and public, as recorded events are."""
    if "type" not in body.get("workingLocationProperties", {}):
        raise required("Missing workingLocationProperties.")
    return body | {"transparency": "transparent", "visibility": "public"}


def _birthday(body: Json) -> Json:
    """A birthday is a whole day that comes back every year."""
    if "date" not in body["start"]:
        raise _restricted("Birthday events must be all-day.")
    if not any("FREQ=YEARLY" in line.upper() for line in body.get("recurrence", ())):
        raise invalid("Birthday events must recur annually.", "eventTypeRestriction")
    kept = {key: value for key, value in body.items() if key != "attendees"}
    properties = {"type": "birthday"} | body.get("birthdayProperties", {})
    return kept | {
        "birthdayProperties": properties,
        "transparency": "transparent",
        "visibility": "private",
    }
