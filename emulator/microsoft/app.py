"""The Flask application: routes, and how results and refusals become answers."""

import json
import uuid
from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from emulator.common.fault_effects import ConnectionCut
from emulator.common.wire import Route, count_answers, cut

from . import (
    batch,
    calendars_api,
    control,
    delta,
    events_api,
    identity,
    notifications,
    translate_ids,
)
from . import subscriptions_api as subscriptions
from .call import admitted, apply
from .errors import GraphError, no_such_resource
from .world import World

BASE = "/v1.0"
MAILBOXES = ("/me", "/users/<user_id>")
FOLDERS = ("", "/calendar", "/calendars/<calendar_id>")


OF_A_USER = (
    Route("GET", "", "me.get", calendars_api.me),
    Route("POST", "/translateExchangeIds", "me.translateExchangeIds", translate_ids.translate),
    Route("GET", "/calendars", "calendars.list", calendars_api.list_calendars),
    Route("POST", "/calendars", "calendars.create", calendars_api.create),
    Route("GET", "/calendar", "calendars.get", calendars_api.get),
    Route("PATCH", "/calendar", "calendars.update", calendars_api.update),
    Route("GET", "/calendars/<calendar_id>", "calendars.get", calendars_api.get),
    Route("PATCH", "/calendars/<calendar_id>", "calendars.update", calendars_api.update),
    Route("DELETE", "/calendars/<calendar_id>", "calendars.delete", calendars_api.delete),
)
OF_A_FOLDER = (
    Route("GET", "/events", "events.list", events_api.list_events),
    Route("POST", "/events", "events.create", events_api.create),
    Route("GET", "/events/<event_id>", "events.get", events_api.get),
    Route("PATCH", "/events/<event_id>", "events.update", events_api.update),
    Route("DELETE", "/events/<event_id>", "events.delete", events_api.delete),
    Route("GET", "/events/<event_id>/instances", "instances.list", events_api.instances),
    Route("GET", "/calendarView", "calendarView.list", events_api.view),
    Route("GET", "/calendarView/delta", "calendarView.delta", delta.delta),
    Route("GET", "/calendarView/delta()", "calendarView.delta", delta.delta),
    Route("GET", "/calendarView/microsoft.graph.delta()", "calendarView.delta", delta.delta),
)
_ONE = "/subscriptions/<subscription_id>"
OF_THE_APPLICATION = (
    Route("GET", "/subscriptions", "subscriptions.list", subscriptions.list_all, locked=False),
    Route("POST", "/subscriptions", "subscriptions.create", subscriptions.create, locked=False),
    Route("GET", _ONE, "subscriptions.get", subscriptions.get, locked=False),
    Route("PATCH", _ONE, "subscriptions.update", subscriptions.update, locked=False),
    Route("DELETE", _ONE, "subscriptions.delete", subscriptions.delete, locked=False),
    Route(
        "POST",
        f"{_ONE}/reauthorize",
        "subscriptions.reauthorize",
        subscriptions.reauthorize,
        locked=False,
    ),
)


def create_app(world: World) -> Flask:
    """The whole emulator as a WSGI application over `world`."""
    app = Flask("emulator.microsoft", static_folder=None)
    world.listen(notifications.announce)
    for path, route in _addresses():
        endpoint = f"{route.verb} {path}"
        app.add_url_rule(BASE + path, endpoint, _view(world, route), methods=[route.verb])
    identity.register(app, world)
    batch.register(app, world)
    control.register(app, world)
    app.register_error_handler(GraphError, _refusing(world))
    app.register_error_handler(ConnectionCut, cut)
    app.register_error_handler(HTTPException, _unknown(world))
    count_answers(app, world, BASE)

    @app.after_request
    def name(answer: Response) -> Response:
        if request.path.startswith(BASE):
            answer.headers.setdefault("request-id", str(uuid.uuid4()))
        return answer

    return app


def _addresses() -> list[tuple[str, Route]]:
    found = [(route.path, route) for route in OF_THE_APPLICATION]
    for mailbox in MAILBOXES:
        found += [(mailbox + route.path, route) for route in OF_A_USER]
        found += [(mailbox + at + route.path, route) for at in FOLDERS for route in OF_A_FOLDER]
    return found


def _view(world: World, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        with admitted(world, request, route.method, path) as call:
            answer: Response = route.run(world, call)
            apply(call.faults, "after")
        return answer

    return view


def _refusing(world: World) -> Callable[[GraphError], Response]:
    def refused(error: GraphError) -> Response:
        body = error.envelope(world.clock.now(), request.headers.get("client-request-id"))
        answer = Response(json.dumps(body), status=error.status, mimetype="application/json")
        answer.headers.update(error.headers)
        return answer

    return refused


def _unknown(world: World) -> Callable[[HTTPException], Response]:
    """An address or verb that Graph has not, in its envelope."""
    refused = _refusing(world)

    def answer(error: HTTPException) -> Response:
        if error.code == 404:
            return refused(no_such_resource("Resource not found for the segment."))
        return refused(GraphError(error.code or 500, "UnknownError", error.name))

    return answer
