"""Control API: edits made by the person in Outlook itself, and the raw store."""

from typing import Any

from flask import request

from emulator.common.json_types import Json

from . import event_write, odata_query
from .calendar_service import add_calendar, remove_calendar
from .calendars_api import calendar_row
from .control_lookup import calendar_named, person_named
from .errors import GraphError
from .event_render import event, shown_id
from .event_write import Write
from .expansion import Shown, itself
from .prefer import Preferences
from .world import World

# Immutable ids and UTC, whatever clients prefer: tests compare with these.
RAW = Preferences(immutable=True)


def _add_calendar(world: World, sent: Json, email: str) -> Json:
    person = person_named(world, email)
    calendar = add_calendar(world, person, sent["name"])
    calendar.can_edit = bool(sent.get("canEdit", True))
    return calendar_row(calendar, person)


def _drop_calendar(world: World, _: Json, email: str, calendar_id: str) -> Json:
    remove_calendar(world, calendar_named(world, email, calendar_id))
    return {}


def _write(world: World, email: str, calendar_id: str) -> Write:
    return Write(world, calendar_named(world, email, calendar_id), trusted=True)


def _row(world: World, shown: Shown, email: str) -> Json:
    """An event with everything, also what Graph does not echo."""
    return event(shown, person_named(world, email), RAW) | {
        "singleValueExtendedProperties": odata_query.properties(shown.item.extended),
        "removedOccurrences": list(shown.item.removed),
        "exceptionOccurrences": [
            event(Shown(item, shown.owner, "exception", day), person_named(world, email), RAW)
            for day, item in shown.item.exceptions.items()
        ],
    }


def _insert(world: World, sent: Json, email: str, calendar_id: str) -> Json:
    return _row(world, event_write.insert(_write(world, email, calendar_id), sent), email)


def _insert_many(world: World, sent: Json, email: str, calendar_id: str) -> Json:
    """`{"events": [...]}`: one transaction; answers `{"ids": [...]}`."""
    write = _write(world, email, calendar_id)
    made = [event_write.insert(write, body) for body in sent["events"]]
    return {"ids": [shown_id(shown, RAW) for shown in made]}


def _found(world: World, email: str, event_id: str) -> tuple[Write, Shown]:
    try:
        calendar, shown = event_write.find(world, email.lower(), event_id)
    except GraphError as error:
        raise LookupError(str(error)) from error
    return Write(world, calendar, trusted=True), shown


def _patch(world: World, sent: Json, email: str, calendar_id: str, event_id: str) -> Json:
    write, shown = _found(world, email, event_id)
    return _row(world, event_write.patch(write, shown, sent), email)


def _delete(world: World, _: Json, email: str, calendar_id: str, event_id: str) -> Json:
    event_write.delete(*_found(world, email, event_id))
    return {}


def _move(world: World, sent: Json, email: str, calendar_id: str, event_id: str) -> Json:
    """`{"to": calendar}`: the person drags the event into another calendar."""
    write, shown = _found(world, email, event_id)
    target = calendar_named(world, email, sent["to"])
    return _row(world, event_write.move(write, shown, target), email)


def _get(world: World, _: Json, email: str, calendar_id: str, event_id: str) -> Json:
    return _row(world, _found(world, email, event_id)[1], email)


def _raw(world: World, _: Json, email: str, calendar_id: str) -> list[Any]:
    calendar = calendar_named(world, email, calendar_id)
    items = list(calendar.items.values())
    if request.args.get("deleted") == "true":
        items += [gone.item for gone in calendar.gone.values()]
    return [_row(world, itself(item), email) for item in items]


_EVENTS = "/people/<email>/calendars/<calendar_id>/events"
_EVENT = f"{_EVENTS}/<event_id>"
ROUTES = (
    ("POST", "/people/<email>/calendars", _add_calendar),
    ("DELETE", "/people/<email>/calendars/<calendar_id>", _drop_calendar),
    ("GET", _EVENTS, _raw),
    ("POST", _EVENTS, _insert),
    ("POST", f"{_EVENTS}/many", _insert_many),
    ("GET", _EVENT, _get),
    ("PATCH", _EVENT, _patch),
    ("DELETE", _EVENT, _delete),
    ("POST", f"{_EVENT}/move", _move),
)
