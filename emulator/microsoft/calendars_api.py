"""Handlers: the signed-in user and their calendars."""

import base64
import hashlib
from functools import partial
from urllib.parse import quote

from flask import Response

from emulator.common.json_types import Json

from . import odata_query
from .calendar_service import add_calendar, remove_calendar, rename_calendar
from .call import Call, response
from .errors import GraphError, bad_request
from .model import Calendar, Person

COLORS = (
    "auto",
    "lightBlue",
    "lightGreen",
    "lightOrange",
    "lightGray",
    "lightYellow",
    "lightTeal",
    "lightPink",
    "lightBrown",
    "lightRed",
    "maxColor",
)


def calendar_row(calendar: Calendar, person: Person) -> Json:
    """A calendar as the wire shows it (resources/calendar)."""
    digest = hashlib.sha256(f"{calendar.id}:{calendar.name}:{calendar.color}".encode()).digest()
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": calendar.hex_color,
        "isDefaultCalendar": calendar.is_default,
        "changeKey": base64.b64encode(digest[:16]).decode(),
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": calendar.is_default,
        "isRemovable": not calendar.is_default,
        "owner": {"name": person.name, "address": person.email},
    }


def me(call: Call) -> Response:
    """The signed-in user."""
    person = call.person
    given, _, family = person.name.partition(" ")
    body: Json = {
        "@odata.context": f"{call.base}/v1.0/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-GB",
        "surname": family or None,
        "userPrincipalName": person.email,
        "id": person.id,
    }
    return response(odata_query.selected(call, body), 200, call)


def _one(call: Call, calendar: Calendar, status: int = 200) -> Response:
    entity = f"users('{quote(call.person.id)}')/calendars/$entity"
    body = {"@odata.context": f"{call.base}/v1.0/$metadata#{entity}"}
    row = odata_query.selected(call, calendar_row(calendar, call.person))
    return response(body | row, status, call)


def list_calendars(call: Call) -> Response:
    """All calendars of the mailbox, the default one first."""
    odata_query.check_options(call)
    mine = [c for c in call.world.store.calendars.values() if c.owner == call.person.email]
    rows = [calendar_row(each, call.person) for each in mine]
    rows = odata_query.matching(call, rows, dict)
    context = f"users('{quote(call.person.id)}')/calendars"
    page = odata_query.paged(call, context, rows, partial(odata_query.selected, call))
    return response(page, 200, call)


def create(call: Call) -> Response:
    """201; 409 if the mailbox has a calendar of that name."""
    name = call.body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("Property name in payload has a value that does not match schema.")
    _check_free(call, name)
    color = _color(call.body.get("color") or "auto")
    return _one(call, add_calendar(call.world, call.person, name, color=color), 201)


def _check_free(call: Call, name: str) -> None:
    for calendar in call.world.store.calendars.values():
        if calendar.owner == call.person.email and calendar.name.lower() == name.lower():
            raise GraphError(
                409, "ErrorFolderExists", f"A folder with the specified name '{name}' exists."
            )


def _color(text: object) -> str:
    if text not in COLORS:
        raise bad_request(f"Requested value '{text}' was not found for property color.")
    return str(text)


def get(call: Call) -> Response:
    """One calendar, or the default one."""
    return _one(call, call.calendar())


def update(call: Call) -> Response:
    """Rename or recolour."""
    calendar = call.calendar()
    name = call.body.get("name")
    if name is not None and name.lower() != calendar.name.lower():
        _check_free(call, name)
    color = call.body.get("color")
    rename_calendar(calendar, name, _color(color) if color is not None else None)
    return _one(call, calendar)


def delete(call: Call) -> Response:
    """204; the default calendar stays."""
    calendar = call.calendar()
    if calendar.is_default:
        raise bad_request("Default folders cannot be deleted.", "ErrorDeleteDistinguishedFolder")
    remove_calendar(call.world, calendar)
    return response(None, 204, call)
