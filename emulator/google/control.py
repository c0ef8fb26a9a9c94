"""The control API of the Google emulator."""

from flask import Flask, Request

from emulator.common import control
from emulator.common.control import Answer, ControlRoute
from emulator.common.json_types import Json
from emulator.common.tokens import client_from

from . import control_calendars, control_people, control_push
from .call import body_of
from .errors import ApiError
from .tokens import project_of
from .world import World


def _add_client(world: World, sent: Json) -> Answer:
    client = client_from(sent)
    world.state.tokens.clients[client.client_id] = client
    return {"client_id": client.client_id, "project": project_of(client.client_id)}


def _imports(world: World, _: Json) -> Answer:
    components = [row for report in world.state.imports for row in report["components"]]
    imported = sum(row["outcome"] == "imported" for row in components)
    return {
        "reports": world.state.imports,
        "counts": {
            "components": len(components),
            "imported": imported,
            "refused": len(components) - imported,
        },
    }


def _mails(world: World, _: Json) -> Answer:
    """The e-mails that `sendUpdates` caused: `[{method, user, event, to}]`."""
    return list(world.state.mails)


ROUTES: tuple[ControlRoute, ...] = (
    ("POST", "/clients", _add_client),
    ("GET", "/imports", _imports),
    ("GET", "/mails", _mails),
    *control_people.ROUTES,
    *control_calendars.ROUTES,
    *control_push.ROUTES,
)


def _body_of(request: Request) -> Json:
    """The JSON body; an import sends the text of a file, which its handler reads."""
    return {} if request.path.endswith("/import") else body_of(request)


def register(app: Flask, world: World) -> None:
    """Add the routes."""
    control.register(app, world, ROUTES, _body_of, ApiError)
