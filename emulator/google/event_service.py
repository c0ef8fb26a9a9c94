"""What can be done to events: insert, update, patch, delete, import, move."""

import re
from dataclasses import dataclass

from emulator.common.json_types import Json

from . import event_store, invitations
from .errors import (
    already_deleted,
    condition_not_met,
    duplicate,
    invalid,
    not_found,
    required,
)
from .event_compose import composed, identity, writable_of
from .event_fields import merged
from .event_time import When, parse
from .instances import instance_body, original_start, rule_of, split_instance_id
from .model import Calendar, EventRecord
from .recurrence import contains
from .shapes import EVENT, check_shape
from .world import World

_CLIENT_ID = re.compile(r"^[a-v0-9]{5,1024}$")
_BASE32HEX = "0123456789abcdefghijklmnopqrstuv"


@dataclass(frozen=True)
class Write:
    """Who writes where, and under what conditions."""

    world: World
    calendar: Calendar
    actor: str
    conference_version: int = 0
    if_match: str | None = None


def find(calendar: Calendar, event_id: str) -> Json:
    """The body of an event, an exception or an untouched occurrence; 404 if there is none."""
    record = calendar.events.get(event_id)
    if record is not None:
        return record.body
    parts = split_instance_id(event_id)
    master = calendar.events.get(parts[0]) if parts else None
    if parts is None or master is None or "recurrence" not in master.body:
        raise not_found()
    start = original_start(master.body, parts[1], calendar.timezone)
    if start is None:
        raise not_found()
    return instance_body(master.body, start, calendar.timezone)


def new_id(world: World) -> str:
    """An id as Google makes them: 26 base32hex characters."""
    return "".join(world.state.tokens.rng.choices(_BASE32HEX, k=26))


def insert(write: Write, body: Json) -> Json:
    """A new event.

    Errors: 400 for a malformed id or body, 409 `duplicate` if the id was ever used here.
    """
    check_shape(body, EVENT)
    event_id = body.get("id") or new_id(write.world)
    if not _CLIENT_ID.match(event_id):
        raise invalid("Invalid resource id value.")
    if event_id in write.calendar.events:
        raise duplicate()
    ical_uid = body.get("iCalUID") or f"{event_id}@google.com"
    base = identity(write.world, write.calendar, write.actor, event_id, ical_uid)
    return _create(write, body, base)


def _create(write: Write, body: Json, base: Json) -> Json:
    new = composed(
        write.world,
        write.calendar,
        body,
        base,
        previous=None,
        conference_version=write.conference_version,
    )
    event_store.write(write.world, write.calendar, new)
    invitations.spread(write.world, write.calendar, new, None)
    return new


def import_event(write: Write, body: Json) -> Json:
    """A private copy of a foreign event; the same iCalUID again updates the copy.

    Errors: 400 `required` without iCalUID.
    """
    check_shape(body, EVENT)
    if not body.get("iCalUID"):
        raise required("Missing iCalUID.")
    for record in write.calendar.events.values():
        if record.body.get("iCalUID") == body["iCalUID"] and record.series_id is None:
            return _replace(write, record.body, body)
    event_id = new_id(write.world)
    base = identity(write.world, write.calendar, write.actor, event_id, str(body["iCalUID"]))
    organizer = body.get("organizer") or {}
    if organizer.get("email") and organizer["email"] != write.calendar.id:
        base["organizer"] = {
            key: organizer[key] for key in ("email", "displayName") if organizer.get(key)
        }
    if body.get("privateCopy"):
        base["privateCopy"] = True
    return _create(write, body, base)


def update(write: Write, event_id: str, body: Json) -> Json:
    """PUT: everything writable is replaced."""
    check_shape(body, EVENT)
    current = find(write.calendar, event_id)
    _check_match(write, current)
    return _replace(write, _living(write.calendar, current), body)


def patch(write: Write, event_id: str, body: Json) -> Json:
    """PATCH: objects merge, null removes."""
    check_shape(body, EVENT)
    current = find(write.calendar, event_id)
    _check_match(write, current)
    living = _living(write.calendar, current)
    fields = merged(writable_of(living), body)
    if "conferenceData" in body:
        fields["conferenceData"] = body["conferenceData"]
    if current["status"] == "cancelled":
        fields["status"] = body.get("status", "cancelled")
    return _replace(write, living, fields)


def _living(calendar: Calendar, current: Json) -> Json:
    """The full body behind a tombstone, so that it can be restored."""
    if current["status"] != "cancelled":
        return current
    record = calendar.events[current["id"]]
    return (record.former or current) | {"etag": current["etag"]}


def _replace(write: Write, current: Json, fields: Json) -> Json:
    if fields.get("status") == "cancelled":
        return _cancel(write, current)
    new = composed(
        write.world,
        write.calendar,
        fields,
        current,
        previous=current,
        conference_version=write.conference_version,
    )
    new = invitations.as_seen_by_guest(write.world, write.calendar, current, new)
    event_store.write(write.world, write.calendar, new)
    if "recurrence" in current:
        _drop_orphans(write.world, write.calendar, new)
    invitations.spread(write.world, write.calendar, new, current)
    return new


def delete(write: Write, event_id: str) -> None:
    """DELETE; 404 if unknown, 410 `deleted` the second time, 412 if If-Match misses."""
    current = find(write.calendar, event_id)
    if current["status"] == "cancelled":
        raise already_deleted()
    _check_match(write, current)
    _cancel(write, current)


def _cancel(write: Write, current: Json) -> Json:
    if current["status"] == "cancelled":
        return current
    for instance_id in sorted(write.calendar.exceptions.get(current["id"], ())):
        bury(write.world, write.calendar, write.calendar.events[instance_id])
    record = bury(write.world, write.calendar, EventRecord(current, 0))
    invitations.retract(write.world, write.calendar, current)
    return record.body


def bury(world: World, calendar: Calendar, record: EventRecord) -> EventRecord:
    """Turn a living record into its tombstone.

    The organizer goes on seeing a single event's details; of a series, an occurrence and a
    guest's copy only the stub remains (v3/reference/events `status`).
    """
    if record.cancelled:
        return record
    body = record.body
    is_single = "recurrence" not in body and "recurringEventId" not in body
    if is_single and body["organizer"].get("self"):
        gone = body | event_store.stamp(world, body) | {"status": "cancelled"}
    else:
        gone = event_store.stub(world, body)
    return event_store.write(world, calendar, gone, former=body)


def _drop_orphans(world: World, calendar: Calendar, master: Json) -> None:
    """After a series changed its times, exceptions of occurrences it no longer has are gone."""
    for instance_id in sorted(calendar.exceptions.get(master["id"], ())):
        record = calendar.events[instance_id]
        original = parse(record.body["originalStartTime"], calendar.timezone)
        if not record.cancelled and not _has_occurrence(master, original, calendar):
            bury(world, calendar, record)
            invitations.retract(world, calendar, record.body)


def _has_occurrence(master: Json, original: When, calendar: Calendar) -> bool:
    if "recurrence" not in master:
        return False
    zone_name = parse(master["start"], calendar.timezone).zone
    wall = When(original.day, original.moment, zone_name).wall()
    return contains(rule_of(master, calendar.timezone), wall)


def move(write: Write, event_id: str, destination: Calendar) -> Json:
    """Change the organizer: the event leaves this calendar and lives on in another."""
    current = find(write.calendar, event_id)
    if current["status"] == "cancelled" or "recurringEventId" in current:
        raise invalid("Only single events and whole series can be moved.", "cannotMove")
    if event_id in destination.events:
        raise duplicate()
    new_identity = identity(write.world, destination, write.actor, event_id, current["iCalUID"])
    moved = current | {"organizer": new_identity["organizer"]}
    moved |= {"htmlLink": new_identity["htmlLink"]} | event_store.stamp(write.world, current)
    exceptions = [
        write.calendar.events[key] for key in sorted(write.calendar.exceptions.get(event_id, ()))
    ]
    for record in [*exceptions, EventRecord(current, 0)]:
        bury(write.world, write.calendar, record)
    event_store.write(write.world, destination, moved)
    for record in exceptions:
        event_store.write(write.world, destination, record.body, record.former)
    invitations.spread(write.world, destination, moved, None)
    return moved


def _check_match(write: Write, current: Json) -> None:
    if write.if_match not in (None, "*", current["etag"]):
        raise condition_not_met()
