"""Composes the wire body of an event version from a client's fields and what exists."""

import base64

from emulator.common.json_types import Json

from . import event_store
from .conference import FIELDS as CONFERENCE_FIELDS
from .conference import conference_fields
from .errors import invalid
from .event_fields import WRITABLE, cleaned
from .event_types import shaped
from .model import Calendar
from .world import World

# Read-only on the wire, or set once when the event is created.
KEPT = (
    "id",
    "htmlLink",
    "created",
    "creator",
    "organizer",
    "iCalUID",
    "recurringEventId",
    "originalStartTime",
    "privateCopy",
)
SIGNIFICANT = ("start", "end", "recurrence", "status", "location")


def identity(world: World, calendar: Calendar, actor: str, event_id: str, ical_uid: str) -> Json:
    """The fields an event is born with."""
    created = event_store.stamp(world, None)["updated"]
    creator: Json = {"email": actor}
    organizer: Json = {"email": calendar.id}
    if calendar.id == actor:
        creator["self"] = True
    if calendar.id != calendar.owner:
        organizer["displayName"] = calendar.summary
    organizer["self"] = True
    return {
        "id": event_id,
        "htmlLink": html_link(event_id, calendar.id),
        "created": created,
        "creator": creator,
        "organizer": organizer,
        "iCalUID": ical_uid,
    }


def html_link(event_id: str, calendar_id: str) -> str:
    """The page a person would open."""
    eid = base64.urlsafe_b64encode(f"{event_id} {calendar_id}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


def writable_of(body: Json) -> Json:
    """The part of a stored body that a client could have written."""
    return {key: body[key] for key in WRITABLE if key in body}


def composed(
    world: World,
    calendar: Calendar,
    fields: Json,
    base: Json,
    *,
    previous: Json | None,
    conference_version: int = 0,
) -> Json:
    """A complete new version.

    `fields` is all that the client wants, `base` the identity, `previous` the version it
    replaces (None for a new event). `updated` does not move when only reminders changed.
    """
    body = shaped(cleaned(fields, calendar.timezone), calendar, previous)
    body |= conference_fields(fields, base, conference_version)
    body |= {key: base[key] for key in KEPT if key in base}
    if "recurringEventId" in body:
        body.pop("recurrence", None)
    if "attendees" in body:
        body["attendees"] = flagged(body["attendees"], body["organizer"]["email"], calendar.id)
    body["kind"] = "calendar#event"
    body["sequence"] = _sequence(fields, body, previous)
    if previous is not None and _differs_only_in_reminders(body, previous):
        return body | {"etag": previous["etag"], "updated": previous["updated"]}
    return body | event_store.stamp(world, previous)


def flagged(guests: list[Json], organizer: str, calendar_id: str) -> list[Json]:
    """Guests with `self` and `organizer` as seen from one calendar."""
    result = []
    for guest in guests:
        kept = {key: value for key, value in guest.items() if key not in ("self", "organizer")}
        if guest["email"].lower() == organizer.lower():
            kept["organizer"] = True
        if guest["email"].lower() == calendar_id.lower():
            kept["self"] = True
        result.append(kept)
    return result


def _sequence(fields: Json, body: Json, previous: Json | None) -> int:
    current = 0 if previous is None else int(previous.get("sequence", 0))
    wanted = fields.get("sequence")
    if wanted is not None:
        if not isinstance(wanted, int) or wanted < current:
            raise invalid(
                "Invalid sequence value. The specified sequence number is below the current "
                "sequence number of the resource. Re-fetch the resource and use its sequence "
                "number on the following request.",
                "invalidSequenceValue",
            )
        current = wanted
    if previous is None or all(body.get(key) == previous.get(key) for key in SIGNIFICANT):
        return current
    return current + 1


def _differs_only_in_reminders(body: Json, previous: Json) -> bool:
    keys = (WRITABLE | set(CONFERENCE_FIELDS)) - {"reminders"}
    same = all(body.get(key) == previous.get(key) for key in keys)
    return same and body.get("reminders") != previous.get("reminders")
