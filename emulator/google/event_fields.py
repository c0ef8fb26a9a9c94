"""What a client may put into an event, field by field (v3/reference/events)."""

from collections.abc import Callable
from typing import Any

from emulator.common.json_types import Json

from .errors import invalid
from .event_time import When, check
from .recurrence import Rule, check_lines

WRITABLE = frozenset(
    {
        "anyoneCanAddSelf",
        "attachments",
        "attendees",
        "birthdayProperties",
        "colorId",
        "description",
        "end",
        "eventType",
        "extendedProperties",
        "focusTimeProperties",
        "guestsCanInviteOthers",
        "guestsCanModify",
        "guestsCanSeeOtherGuests",
        "location",
        "outOfOfficeProperties",
        "recurrence",
        "reminders",
        "source",
        "start",
        "status",
        "summary",
        "transparency",
        "visibility",
        "workingLocationProperties",
    }
)
# A value equal to the default is not shown on the wire.
DEFAULTS: Json = {
    "anyoneCanAddSelf": False,
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
    "transparency": "opaque",
    "visibility": "default",
}
CHOICES: dict[str, frozenset[str]] = {
    "status": frozenset({"confirmed", "tentative", "cancelled"}),
    "transparency": frozenset({"opaque", "transparent"}),
    "visibility": frozenset({"default", "public", "private", "confidential"}),
    "eventType": frozenset(
        {"default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail"}
    ),
}
RESPONSES = frozenset({"needsAction", "declined", "tentative", "accepted"})
PROPERTY_KEY_LIMIT, PROPERTY_VALUE_LIMIT = 44, 1024
_GUEST_FIELDS = ("email", "displayName", "optional", "resource", "comment", "additionalGuests")


def cleaned(fields: Json, calendar_zone: str) -> Json:
    """The writable fields of `fields`, checked, defaults and empty values left out.

    Errors: 400 `invalid`, `required`, `timeRangeEmpty`.
    """
    body = {key: fields[key] for key in WRITABLE if _is_set(fields.get(key))}
    for name, allowed in CHOICES.items():
        if body.get(name, next(iter(allowed))) not in allowed:
            raise invalid(f"Invalid value for: {name}: {body[name]}")
    for name, clean in _CLEANERS.items():
        if name in body:
            body[name] = clean(body[name])
    body |= _times(body, calendar_zone)
    body.setdefault("status", "confirmed")
    body.setdefault("eventType", "default")
    body.setdefault("reminders", {"useDefault": True})
    return {key: value for key, value in body.items() if DEFAULTS.get(key) != value}


def _is_set(value: object) -> bool:
    return value is not None and value != "" and value != []


def _times(body: Json, calendar_zone: str) -> Json:
    start = check(body.get("start"), calendar_zone, "start")
    end = check(body.get("end"), calendar_zone, "end")
    if (start.day is None) != (end.day is None):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    is_empty = end.wall() <= start.wall() if start.day else end.instant() < start.instant()
    if is_empty:
        raise invalid("The specified time range is empty.", "timeRangeEmpty")
    times: Json = {"start": start.render(calendar_zone), "end": end.render(calendar_zone)}
    if "recurrence" in body:
        times["recurrence"] = _recurrence(body, start)
    return times


def _recurrence(body: Json, start: When) -> list[str]:
    lines: list[str] = body["recurrence"]
    if start.day is None and not body["start"].get("timeZone"):
        raise invalid("Missing time zone definition for start time.", "required")
    check_lines(Rule(start.wall(), start.zone, start.day is not None, tuple(lines)))
    return lines


def _attendees(guests: list[Json]) -> list[Json]:
    cleaned_guests = [_attendee(guest) for guest in guests]
    unique = {guest["email"].lower(): guest for guest in cleaned_guests}
    return list(unique.values())


def _attendee(guest: Json) -> Json:
    if "@" not in (guest.get("email") or ""):
        raise invalid("Invalid attendee email.")
    response = guest.get("responseStatus") or "needsAction"
    if response not in RESPONSES:
        raise invalid(f"Invalid value for: responseStatus: {response}")
    kept = {name: guest[name] for name in _GUEST_FIELDS if guest.get(name)}
    return kept | {"responseStatus": response}


def _extended_properties(groups: Json) -> Json:
    """A key too long is dropped, a value too long is cut, both silently."""
    kept: Json = {}
    for name in ("private", "shared"):
        pairs = {
            key: str(value)[:PROPERTY_VALUE_LIMIT]
            for key, value in (groups.get(name) or {}).items()
            if len(key) <= PROPERTY_KEY_LIMIT and value is not None
        }
        if pairs:
            kept[name] = pairs
    return kept


def _reminders(reminders: Json) -> Json:
    overrides = reminders.get("overrides") or []
    if overrides and reminders.get("useDefault"):
        raise invalid(
            "Cannot specify both default reminders and overrides at the same time.",
            "cannotUseDefaultRemindersAndSpecifyOverride",
        )
    if len(overrides) > 5:
        raise invalid("Too many override reminders.", "tooManyOverrides")
    kept: Json = {"useDefault": bool(reminders.get("useDefault", False))}
    return kept | ({"overrides": overrides} if overrides else {})


_CLEANERS: dict[str, Callable[[Any], Any]] = {
    "attendees": _attendees,
    "extendedProperties": _extended_properties,
    "reminders": _reminders,
}


def merged(current: Json, patch: Json) -> Json:
    """PATCH semantics: objects merge, null removes, everything else replaces."""
    result = dict(current)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result
