"""Writing one version of an event: timestamps, etag, change counter, announcement."""

from datetime import UTC, datetime

from emulator.common.clock import rfc3339_ms
from emulator.common.json_types import Json

from .channels import events_resource
from .model import Calendar, EventRecord
from .world import World


def etag_of(updated_us: int) -> str:
    """Google's event etag: twice `updated` in microseconds, quoted."""
    return f'"{updated_us * 2}"'


def stamp(world: World, previous: Json | None) -> Json:
    """`updated` and `etag` for a new version, strictly later than the previous one."""
    moment_ms = world.now_ms()
    if previous is not None and "etag" in previous:
        moment_ms = max(moment_ms, int(previous["etag"].strip('"')) // 2000 + 1)
    updated = rfc3339_ms(datetime.fromtimestamp(moment_ms / 1000, UTC))
    return {"etag": etag_of(moment_ms * 1000), "updated": updated}


def write(world: World, calendar: Calendar, body: Json, former: Json | None = None) -> EventRecord:
    """Store a version; it moves to the end of the calendar's change order."""
    calendar.change_seq += 1
    record = EventRecord(body, calendar.change_seq, former)
    calendar.events.pop(record.id, None)
    calendar.events[record.id] = record
    if record.series_id is not None:
        calendar.exceptions.setdefault(record.series_id, set()).add(record.id)
    calendar.updated_ms = world.now_ms()
    event_type = (former or body).get("eventType", "default")
    world.touch(events_resource(calendar.id), event_type)
    return record


def changed_since(calendar: Calendar, seq: int) -> list[EventRecord]:
    """Records with a later change number, oldest change first."""
    if seq <= 0:
        return list(calendar.events.values())
    found = []
    for record in reversed(calendar.events.values()):
        if record.seq <= seq:
            break
        found.append(record)
    found.reverse()
    return found


def stub(world: World, body: Json) -> Json:
    """The tombstone of a body: what Google still shows of it once it is gone.

    A cancelled occurrence keeps `recurringEventId` and `originalStartTime`; anything else
    keeps its id only.
    """
    kept = {
        "kind": "calendar#event",
        "etag": stamp(world, body)["etag"],
        "id": body["id"],
        "status": "cancelled",
    }
    for key in ("recurringEventId", "originalStartTime"):
        if key in body:
            kept[key] = body[key]
    return kept
