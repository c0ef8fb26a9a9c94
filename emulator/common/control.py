"""The control API under /_control: what no real provider offers and every test needs."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask, Request, Response, jsonify, request

from .clock import rfc3339_ms
from .faults import FaultBook
from .json_types import Json
from .world import BaseWorld

PersonT = TypeVar("PersonT")
AnyWorld = BaseWorld[Any]
Answer = Json | list[Any] | None
Refusal = Callable[[int, str, str], Exception]
# HTTP method, path, and a handler `(world, body, **names in the path)`.
ControlRoute = tuple[str, str, Callable[..., Answer]]


def _reset(world: AnyWorld, sent: Json) -> Answer:
    world.reset(int(sent.get("seed", 0)))
    return {}


def _clock(world: AnyWorld, sent: Json) -> Answer:
    if "now" in sent:
        at = sent["now"] and datetime.fromisoformat(sent["now"])
        aware = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
        world.clock.set(aware or None, frozen=bool(sent.get("frozen")))
    if sent.get("advance_seconds"):
        world.clock.advance(float(sent["advance_seconds"]))
    return {"now": rfc3339_ms(world.clock.now())}


def _settings(world: AnyWorld, sent: Json) -> Answer:
    world.state.settings = world.state.settings.changed(sent)
    return dict(vars(world.state.settings))


def _read_settings(world: AnyWorld, _: Json) -> Answer:
    return dict(vars(world.state.settings))


def _counters(world: AnyWorld, _: Json) -> Answer:
    return world.counted()


def _reset_counters(world: AnyWorld, _: Json) -> Answer:
    world.forget_counts()
    return {}


def _add_fault(world: AnyWorld, sent: Json) -> Answer:
    book: FaultBook = world.state.faults
    return book.add(sent).as_json()


def _faults(world: AnyWorld, _: Json) -> Answer:
    return [fault.as_json() for fault in world.state.faults.faults.values()]


def _clear_faults(world: AnyWorld, _: Json) -> Answer:
    world.state.faults.faults.clear()
    return {}


def _drop_fault(world: AnyWorld, _: Json, fault_id: str) -> Answer:
    if world.state.faults.faults.pop(fault_id, None) is None:
        raise LookupError(f"no fault {fault_id}")
    return {}


ROUTES: tuple[ControlRoute, ...] = (
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
)


def person_named(people: Mapping[str, PersonT], email: str) -> PersonT:
    """The person; LookupError with a readable message."""
    person = people.get(email.lower())
    if person is None:
        raise LookupError(f"nobody is called {email}")
    return person


def is_loopback(sent: Request) -> bool:
    """Whether the caller sits on this machine."""
    try:
        return ipaddress.ip_address(sent.remote_addr or "").is_loopback
    except ValueError:
        return False


def register(
    app: Flask,
    world: AnyWorld,
    routes: Sequence[ControlRoute],
    body_of: Callable[[Request], Json],
    refusal: Refusal,
) -> None:
    """Add the routes of every emulator and those of this one.

    `refusal` makes the provider's error of `(status, code, reason in words)`: 403 for callers from
    elsewhere, 400 and 404 for what a handler cannot do.
    """
    for verb, path, handler in (*ROUTES, *routes):
        view = _view(world, handler, body_of, refusal)
        app.add_url_rule(f"/_control{path}", f"control {verb} {path}", view, methods=[verb])


def _view(
    world: AnyWorld,
    handler: Callable[..., Answer],
    body_of: Callable[[Request], Json],
    refusal: Refusal,
) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        if not is_loopback(request):
            raise refusal(403, "forbidden", "The control API answers loopback callers only.")
        try:
            with world.transaction(changes=request.method != "GET"):
                return jsonify(handler(world, body_of(request), **path))
        except (ValueError, TypeError) as error:
            raise refusal(400, "badRequest", str(error)) from error
        except KeyError as error:
            raise refusal(400, "required", f"missing: {error}") from error
        except LookupError as error:
            raise refusal(404, "notFound", str(error)) from error

    return view
