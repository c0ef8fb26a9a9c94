"""The control API under /_control: what no real provider offers and every test needs."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, jsonify, request

from emulator.google.clock import rfc3339_ms
from emulator.google.json_types import Json

from . import control_events, control_people, control_push
from .call import body_of
from .errors import GraphError
from .identity_errors import IdentityError
from .tokens import Client
from .world import World

Answer = Json | list[Any] | None


def _reset(world: World, sent: Json) -> Answer:
    world.reset(int(sent.get("seed", 0)))
    return {}


def _clock(world: World, sent: Json) -> Answer:
    if "now" in sent:
        at = sent["now"] and datetime.fromisoformat(sent["now"])
        aware = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
        world.clock.set(aware or None, frozen=bool(sent.get("frozen")))
    if sent.get("advance_seconds"):
        world.clock.advance(float(sent["advance_seconds"]))
    return {"now": rfc3339_ms(world.clock.now())}


def _settings(world: World, sent: Json) -> Answer:
    world.state.settings = world.settings.changed(sent)
    return dict(vars(world.settings))


def _read_settings(world: World, _: Json) -> Answer:
    return dict(vars(world.settings))


def _counters(world: World, _: Json) -> Answer:
    """As the Google emulator's, and `most_concurrent` requests by mailbox."""
    most: dict[str, int] = {}
    for (_client, user), count in world.state.throttle.most.items():
        most[user] = max(count, most.get(user, 0))
    return world.state.counters.as_json() | {"most_concurrent": most}


def _reset_counters(world: World, _: Json) -> Answer:
    world.state.counters.reset()
    world.state.throttle.most.clear()
    return {}


def _add_fault(world: World, sent: Json) -> Answer:
    return world.state.faults.add(sent).as_json()


def _faults(world: World, _: Json) -> Answer:
    return [fault.as_json() for fault in world.state.faults.faults.values()]


def _clear_faults(world: World, _: Json) -> Answer:
    world.state.faults.faults.clear()
    return {}


def _drop_fault(world: World, _: Json, fault_id: str) -> Answer:
    if world.state.faults.faults.pop(fault_id, None) is None:
        raise LookupError(f"no fault {fault_id}")
    return {}


def _add_client(world: World, sent: Json) -> Answer:
    client = Client(
        sent["client_id"], sent["client_secret"], tuple(sent.get("redirect_uris") or ())
    )
    world.store.tokens.clients[client.client_id] = client
    return {"client_id": client.client_id}


def _tls(world: World, _: Json) -> Answer:
    """Where the emulator also listens with TLS, and the CA to trust: `{url, ca}`."""
    if world.tls is None:
        raise LookupError("started without --tls-port")
    return {"url": world.tls.url, "ca": world.tls.ca}


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("POST", "/reset", _reset),
    ("POST", "/clock", _clock),
    ("GET", "/settings", _read_settings),
    ("POST", "/settings", _settings),
    ("GET", "/counters", _counters),
    ("POST", "/counters/reset", _reset_counters),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _clear_faults),
    ("DELETE", "/faults/<fault_id>", _drop_fault),
    ("POST", "/clients", _add_client),
    ("GET", "/tls", _tls),
    *control_people.ROUTES,
    *control_events.ROUTES,
    *control_push.ROUTES,
)


def is_loopback(sent: Request) -> bool:
    """Whether the caller sits on this machine."""
    try:
        return ipaddress.ip_address(sent.remote_addr or "").is_loopback
    except ValueError:
        return False


def register(app: Flask, world: World) -> None:
    """Add the routes; 403 for callers from elsewhere, 400 and 404 with the reason in words."""
    for verb, path, handler in ROUTES:
        app.add_url_rule(
            f"/_control{path}", f"control {verb} {path}", _view(world, handler), methods=[verb]
        )


def _view(world: World, handler: Callable[..., Answer]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        if not is_loopback(request):
            raise GraphError(403, "forbidden", "The control API answers loopback callers only.")
        try:
            with world.transaction(changes=request.method != "GET"):
                return jsonify(handler(world, body_of(request), **path))
        except (ValueError, TypeError, IdentityError) as error:
            raise GraphError(400, "badRequest", str(error)) from error
        except KeyError as error:
            raise GraphError(400, "required", f"missing: {error}") from error
        except LookupError as error:
            raise GraphError(404, "notFound", str(error)) from error

    return view
