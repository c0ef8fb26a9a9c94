"""The control API of the Microsoft emulator."""

from flask import Flask

from emulator.common import control
from emulator.common.control import Answer, ControlRoute
from emulator.common.json_types import Json
from emulator.common.tokens import client_from

from . import control_events, control_people, control_push
from .call import body_of
from .errors import GraphError
from .world import World


def _add_client(world: World, sent: Json) -> Answer:
    client = client_from(sent)
    world.store.tokens.clients[client.client_id] = client
    return {"client_id": client.client_id}


def _tls(world: World, _: Json) -> Answer:
    """Where the emulator also listens with TLS, and the CA to trust: `{url, ca}`."""
    if world.tls is None:
        raise LookupError("started without --tls-port")
    return {"url": world.tls.url, "ca": world.tls.ca}


ROUTES: tuple[ControlRoute, ...] = (
    ("POST", "/clients", _add_client),
    ("GET", "/tls", _tls),
    *control_people.ROUTES,
    *control_events.ROUTES,
    *control_push.ROUTES,
)


def register(app: Flask, world: World) -> None:
    """Add the routes."""
    control.register(app, world, ROUTES, body_of, GraphError)
