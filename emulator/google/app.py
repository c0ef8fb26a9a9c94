"""The Flask application: routes, and how results and refusals become answers."""

import json
from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from emulator.common.fault_effects import ConnectionCut
from emulator.common.wire import Route, count_answers, cut

from . import batch, calendars_api, channels, control, events_api, oauth
from .call import admit, apply
from .errors import ApiError, not_found
from .world import World

BASE = "/calendar/v3"
_EVENTS = "/calendars/<calendar_id>/events"
_EVENT = f"{_EVENTS}/<event_id>"
_LIST = "/users/me/calendarList"


ROUTES = (
    Route("GET", _EVENTS, "events.list", events_api.list_events),
    Route("POST", _EVENTS, "events.insert", events_api.insert),
    Route("POST", f"{_EVENTS}/import", "events.import", events_api.import_event),
    Route("POST", f"{_EVENTS}/watch", "events.watch", events_api.watch, locked=False),
    Route("GET", _EVENT, "events.get", events_api.get),
    Route("PUT", _EVENT, "events.update", events_api.update),
    Route("PATCH", _EVENT, "events.patch", events_api.patch),
    Route("DELETE", _EVENT, "events.delete", events_api.delete),
    Route("GET", f"{_EVENT}/instances", "events.instances", events_api.instances),
    Route("POST", f"{_EVENT}/move", "events.move", events_api.move),
    Route("GET", _LIST, "calendarList.list", calendars_api.list_calendars),
    Route("POST", _LIST, "calendarList.insert", calendars_api.insert_listed),
    Route("POST", f"{_LIST}/watch", "calendarList.watch", calendars_api.watch_list, locked=False),
    Route("GET", f"{_LIST}/<calendar_id>", "calendarList.get", calendars_api.get_listed),
    Route("PATCH", f"{_LIST}/<calendar_id>", "calendarList.patch", calendars_api.change_listed),
    Route("PUT", f"{_LIST}/<calendar_id>", "calendarList.update", calendars_api.change_listed),
    Route("DELETE", f"{_LIST}/<calendar_id>", "calendarList.delete", calendars_api.delete_listed),
    Route("POST", "/calendars", "calendars.insert", calendars_api.insert_calendar),
    Route("GET", "/calendars/<calendar_id>", "calendars.get", calendars_api.get_calendar),
    Route("PATCH", "/calendars/<calendar_id>", "calendars.patch", calendars_api.change_calendar),
    Route("PUT", "/calendars/<calendar_id>", "calendars.update", calendars_api.change_calendar),
    Route("DELETE", "/calendars/<calendar_id>", "calendars.delete", calendars_api.delete_calendar),
    Route("POST", "/channels/stop", "channels.stop", calendars_api.stop),
)


def create_app(world: World) -> Flask:
    """The whole emulator as a WSGI application over `world`."""
    app = Flask("emulator.google", static_folder=None)
    world.listen(channels.announce)
    for route in ROUTES:
        app.add_url_rule(BASE + route.path, route.method, _view(world, route), methods=[route.verb])
    oauth.register(app, world)
    batch.register(app)
    control.register(app, world)
    app.register_error_handler(ApiError, _refused)
    app.register_error_handler(ConnectionCut, cut)
    app.register_error_handler(HTTPException, _unknown)
    count_answers(app, world, BASE)
    return app


def _view(world: World, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        call = admit(world, request, route.method, path)
        result = route.run(world, call)
        apply(call.faults, "after")
        return _answer(result)

    return view


def _answer(result: object) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=204)
    answer = Response(
        json.dumps(result, separators=(",", ":")), mimetype="application/json; charset=UTF-8"
    )
    if isinstance(result, dict) and "etag" in result:
        answer.headers["ETag"] = result["etag"]
    return answer


def _refused(error: ApiError) -> Response:
    answer = _answer(error.envelope())
    answer.status_code = error.status
    answer.headers.update(error.headers)
    return answer


def _unknown(error: HTTPException) -> Response:
    """An address or verb that Google has not: its generic refusals, in its envelope."""
    if error.code == 404:
        return _refused(not_found())
    return _refused(ApiError(error.code or 500, "badRequest", error.name))
