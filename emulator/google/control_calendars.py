"""Control API: edits made by the person in the calendar itself, and the raw store."""

from typing import Any

from flask import request

from emulator.common.json_types import Json

from . import event_service
from .calendar_service import add_calendar, remove_calendar
from .control_lookup import calendar_named, person_named
from .event_service import Write
from .ics_import import import_text
from .ics_split import decoded
from .world import World


def _add_calendar(world: World, sent: Json, email: str) -> Json:
    person = person_named(world, email)
    calendar = add_calendar(world, person, sent, sent.get("id"))
    return {"id": calendar.id, "summary": calendar.summary}


def _drop_calendar(world: World, _: Json, email: str, calendar_id: str) -> Json:
    remove_calendar(world, calendar_named(world, email, calendar_id))
    return {}


def _write(world: World, email: str, calendar_id: str) -> Write:
    calendar = calendar_named(world, email, calendar_id)
    return Write(world, calendar, email.lower(), conference_version=1)


def _insert(world: World, sent: Json, email: str, calendar_id: str) -> Json:
    return event_service.insert(_write(world, email, calendar_id), sent)


def _insert_many(world: World, sent: Json, email: str, calendar_id: str) -> Json:
    """`{"events": [...]}`: one transaction, hence one notification."""
    write = _write(world, email, calendar_id)
    return {"ids": [event_service.insert(write, body)["id"] for body in sent["events"]]}


def _patch(world: World, sent: Json, email: str, calendar_id: str, event_id: str) -> Json:
    return event_service.patch(_write(world, email, calendar_id), event_id, sent)


def _update(world: World, sent: Json, email: str, calendar_id: str, event_id: str) -> Json:
    return event_service.update(_write(world, email, calendar_id), event_id, sent)


def _delete(world: World, _: Json, email: str, calendar_id: str, event_id: str) -> Json:
    event_service.delete(_write(world, email, calendar_id), event_id)
    return {}


def _import(world: World, _: Json, email: str, calendar_id: str) -> Json:
    """The body is the .ics text; `?file=` names it in the report."""
    calendar = calendar_named(world, email, calendar_id)
    file = request.args.get("file", "upload.ics")
    return import_text(world, calendar, file, decoded(request.get_data()))


def _raw(world: World, _: Json, email: str, calendar_id: str) -> list[Any]:
    calendar = calendar_named(world, email, calendar_id)
    keep_deleted = request.args.get("deleted") == "true"
    return [r.body for r in calendar.events.values() if keep_deleted or not r.cancelled]


_EVENTS = "/people/<email>/calendars/<calendar_id>/events"
_RAW = "/calendars/<email>/<calendar_id>/events"
ROUTES = (
    ("POST", "/people/<email>/calendars", _add_calendar),
    ("DELETE", "/people/<email>/calendars/<calendar_id>", _drop_calendar),
    ("GET", _EVENTS, _raw),
    ("GET", _RAW, _raw),
    ("POST", _EVENTS, _insert),
    ("POST", f"{_EVENTS}/many", _insert_many),
    ("POST", "/people/<email>/calendars/<calendar_id>/import", _import),
    ("PATCH", f"{_EVENTS}/<event_id>", _patch),
    ("PUT", f"{_EVENTS}/<event_id>", _update),
    ("DELETE", f"{_EVENTS}/<event_id>", _delete),
)
