"""People, calendars and calendar lists: what they look like and how they change."""

import hashlib
from dataclasses import replace

from emulator.common.json_types import Json

from .channels import list_resource
from .errors import ApiError, invalid, not_found, required
from .event_time import is_zone
from .model import Calendar, ListEntry, Person, Role
from .shapes import CALENDAR, check_shape
from .world import World

ENTRY_PROPS = (
    "backgroundColor",
    "colorId",
    "defaultReminders",
    "foregroundColor",
    "hidden",
    "notificationSettings",
    "selected",
    "summaryOverride",
)
CALENDAR_PROPS = ("description", "location")
CONFERENCES = {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}


def add_person(world: World, email: str, name: str, timezone: str) -> Person:
    """A new account with its primary calendar; ValueError if the address or zone is bad."""
    email = email.lower()
    if email in world.state.people:
        raise ValueError(f"{email} exists already")
    if "@" not in email or not is_zone(timezone):
        raise ValueError(f"not an address and an IANA zone: {email!r}, {timezone!r}")
    digest = hashlib.sha256(email.encode()).hexdigest()
    person = Person(email, name, timezone, sub=str(int(digest[:16], 16)).zfill(21)[:21])
    world.state.people[email] = person
    world.state.calendars[email] = Calendar(email, email, email, timezone)
    put_entry(world, person, email, {"colorId": "14", "selected": True})
    return person


def put_entry(world: World, person: Person, calendar_id: str, props: Json) -> ListEntry:
    """Add a calendar to a person's list, or change that person's settings of it."""
    return _store(world, person, ListEntry(calendar_id, 0, 0, False, props))


def drop_entry(world: World, person: Person, calendar_id: str) -> None:
    """Take a calendar off a person's list; a tombstone stays for incremental sync."""
    entry = person.entries.get(calendar_id)
    if entry is not None and not entry.deleted:
        _store(world, person, replace(entry, deleted=True))


def _store(world: World, person: Person, entry: ListEntry) -> ListEntry:
    person.list_seq += 1
    now_ms = world.now_ms()
    stored = replace(entry, seq=person.list_seq, updated_ms=now_ms)
    person.entries.pop(entry.calendar_id, None)
    person.entries[entry.calendar_id] = stored
    world.touch(list_resource(person.email))
    return stored


def add_calendar(
    world: World, person: Person, body: Json, calendar_id: str | None = None
) -> Calendar:
    """A secondary calendar and its entry in the owner's list; 400 without a summary."""
    check_shape(body, CALENDAR)
    if not body.get("summary"):
        raise required("Missing summary.")
    timezone = body.get("timeZone") or person.timezone
    if not is_zone(timezone):
        raise invalid("Invalid time zone definition.")
    if calendar_id is None:
        digest = hashlib.sha256(world.state.tokens.rng.randbytes(16)).hexdigest()
        calendar_id = f"c_{digest}@group.calendar.google.com"
    extra = {key: body[key] for key in CALENDAR_PROPS if body.get(key)}
    calendar = Calendar(calendar_id, person.email, body["summary"], timezone, extra)
    world.state.calendars[calendar_id] = calendar
    put_entry(world, person, calendar_id, {"colorId": "7", "selected": True})
    return calendar


def change_calendar(calendar: Calendar, body: Json) -> None:
    """Rename, describe, or move to another zone; lists do not announce it (see 1.1)."""
    check_shape(body, CALENDAR)
    if body.get("timeZone") and not is_zone(body["timeZone"]):
        raise invalid("Invalid time zone definition.")
    calendar.summary = body.get("summary") or calendar.summary
    calendar.timezone = body.get("timeZone") or calendar.timezone
    calendar.extra |= {key: body[key] for key in CALENDAR_PROPS if key in body}


def share(world: World, calendar: Calendar, person: Person, role: Role | None) -> None:
    """Give a role or take it away (None); sync tokens of the calendar die with it (guides/sync)."""
    calendar.token_epoch += 1
    if role is None:
        calendar.acl.pop(person.email, None)
        drop_entry(world, person, calendar.id)
        return
    calendar.acl[person.email] = role
    put_entry(world, person, calendar.id, {"colorId": "9", "selected": True})


def remove_calendar(world: World, calendar: Calendar) -> None:
    """Delete a secondary calendar from everybody's list; 403 for a primary one."""
    if calendar.id == calendar.owner:
        raise ApiError(403, "cannotDeletePrimaryCalendar", "Cannot delete primary calendar.")
    for person in world.state.people.values():
        drop_entry(world, person, calendar.id)
    del world.state.calendars[calendar.id]


def calendar_json(calendar: Calendar) -> Json:
    """The `calendar#calendar` resource."""
    return {
        "kind": "calendar#calendar",
        "etag": _etag(f"{calendar.summary}{calendar.timezone}{sorted(calendar.extra.items())}"),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.timezone,
        "conferenceProperties": CONFERENCES,
        **calendar.extra,
    }


def entry_json(world: World, person: Person, entry: ListEntry) -> Json:
    """The `calendar#calendarListEntry` resource."""
    head: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{entry.updated_ms * 1000 + entry.seq}"',
        "id": entry.calendar_id,
    }
    calendar = world.state.calendars.get(entry.calendar_id)
    if entry.deleted or calendar is None:
        return head | {"deleted": True}
    role = calendar.role_of(person.email) or "freeBusyReader"
    full = head | {
        "summary": calendar.summary,
        "timeZone": calendar.timezone,
        "accessRole": role,
        "defaultReminders": [],
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "conferenceProperties": CONFERENCES,
        **calendar.extra,
        **{key: value for key, value in entry.props.items() if value not in (None, False)},
    }
    return full | ({"primary": True} if calendar.id == person.email else {})


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:22]}"'


def listed(person: Person, calendar_id: str) -> ListEntry:
    """The person's living entry; 404 if there is none."""
    key = person.email if calendar_id == "primary" else calendar_id
    entry = person.entries.get(key)
    if entry is None or entry.deleted:
        raise not_found()
    return entry
