"""Handlers: events, instances and calendar views."""

from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import quote

from flask import Response

from emulator.common.json_types import Json

from . import event_write, odata_query
from .call import Call, response
from .errors import GraphError, bad_request, no_such_item
from .event_render import event, shown_id
from .event_write import Write
from .expansion import Shown, Window, in_window, itself
from .model import Calendar

MAX_DAYS = 1825


def row(call: Call, shown: Shown) -> Json:
    """An event as this call wants to see it, before $select."""
    return event(shown, call.person, call.prefer) | odata_query.expanded(call, shown.item.extended)


def context(call: Call, what: str) -> str:
    """The end of an @odata.context."""
    user = f"users('{quote(call.person.id)}')"
    calendar = call.path.get("calendar_id")
    middle = f"/calendars('{quote(calendar)}')" if calendar else ""
    names = call.args.get("$select")
    return f"{user}{middle}/{what}" + (f"({names})" if names else "")


def one(call: Call, shown: Shown, status: int = 200) -> Response:
    """The answer with a single event."""
    entity = f"{context(call, 'events')}/$entity"
    body = {"@odata.context": f"{call.base}/v1.0/$metadata#{entity}"}
    whole = row(call, shown) | _cancelled(call, shown)
    return response(body | odata_query.selected(call, whole), status, call)


def _cancelled(call: Call, shown: Shown) -> Json:
    """The ids of the deleted occurrences of a master, which only $select brings to light."""
    if shown.kind != "seriesMaster" or "cancelledOccurrences" not in call.args.get("$select", ""):
        return {}
    master = shown_id(shown, call.prefer)
    return {"cancelledOccurrences": [f"OID.{master}.{day}" for day in shown.item.removed]}


def several(call: Call, what: str, shown: list[Shown]) -> Response:
    """The answer with a page of events."""
    odata_query.check_options(call)
    found = odata_query.matching(call, shown, partial(_searchable, call))
    page = odata_query.paged(call, context(call, what), found, partial(_selected, call))
    return response(page, 200, call)


def _selected(call: Call, shown: Shown) -> Json:
    return odata_query.selected(call, row(call, shown))


def _searchable(call: Call, shown: Shown) -> Json:
    """All that $filter may ask about, what is not shown included."""
    hidden = odata_query.properties(shown.item.extended)
    return event(shown, call.person, call.prefer) | {"singleValueExtendedProperties": hidden}


def _found(call: Call) -> tuple[Calendar, Shown]:
    calendar, shown = event_write.find(call.world, call.person.email, call.path["event_id"])
    wanted = call.path.get("calendar_id")
    if wanted is not None and wanted != calendar.id:
        raise no_such_item()
    return calendar, shown


def list_events(call: Call) -> Response:
    """Single events and series masters, not expanded."""
    return several(call, "events", [itself(item) for item in call.calendar().items.values()])


def create(call: Call) -> Response:
    """201; a repeated transactionId answers with the event it made the first time."""
    known = event_write.by_transaction(
        call.world, call.person.email, call.body.get("transactionId")
    )
    if known is None:
        return one(call, event_write.insert(Write(call.world, call.calendar()), call.body), 201)
    status = call.world.settings.duplicate_transaction_status
    if status == 409:
        raise GraphError(409, "ErrorDuplicateTransactionId", "The transactionId was used before.")
    return one(call, known, status)


def get(call: Call) -> Response:
    """One event, series master, occurrence or exception."""
    return one(call, _found(call)[1])


def update(call: Call) -> Response:
    """PATCH; on an occurrence it makes an exception."""
    calendar, shown = _found(call)
    write = Write(call.world, calendar)
    return one(call, event_write.patch(write, shown, call.body, call.if_match))


def delete(call: Call) -> Response:
    """204; 404 the second time."""
    calendar, shown = _found(call)
    event_write.delete(Write(call.world, calendar), shown, call.if_match)
    return response(None, 204, call)


def window(call: Call) -> Window:
    """startDateTime and endDateTime of the query; 400 if they are missing, wrong or too far."""
    start, end = (_bound(call, name) for name in ("startDateTime", "endDateTime"))
    if end < start:
        raise bad_request("The end of the window lies before its start.", "ErrorInvalidParameter")
    if end - start > timedelta(days=MAX_DAYS):
        raise bad_request(f"The range of a calendar view is limited to {MAX_DAYS} days.")
    return Window(start, end)


def _bound(call: Call, name: str) -> datetime:
    given = {key.lower(): value for key, value in call.args.items()}
    text = given.get(name.lower())
    if not text:
        raise bad_request(
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime.",
            "ErrorInvalidParameter",
        )
    try:
        # A plus sign that was not escaped arrives as a space.
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise bad_request(f"The value '{text}' is no date.", "ErrorInvalidParameter") from error
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def view(call: Call) -> Response:
    """calendarView: what happens in a window, expanded, in order of start."""
    span = window(call)
    shown = [each for item in call.calendar().items.values() for each in in_window(item, span)]
    shown.sort(key=lambda each: each.item.span()[0])
    return several(call, "calendarView", shown)


def instances(call: Call) -> Response:
    """Occurrences and exceptions of one series in a window; cancelled ones do not appear."""
    _, shown = _found(call)
    span = window(call)
    if shown.kind != "seriesMaster":
        raise bad_request("Only a series master has instances.", "ErrorInvalidParameter")
    found = sorted(in_window(shown.item, span), key=lambda each: each.item.span()[0])
    return several(call, f"events('{quote(call.path['event_id'])}')/instances", found)
