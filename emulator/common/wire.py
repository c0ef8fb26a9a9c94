"""Between the socket and the handlers: routes, bodies, calls inside a batch, cut connections."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .fault_effects import ConnectionCut
from .json_types import Json
from .world import BaseWorld

SOCKET = "werkzeug.socket"


@dataclass(frozen=True)
class Route:
    """One method of an API. `locked`: the handler runs in one transaction of the world."""

    verb: str
    path: str
    method: str
    handler: Callable[[Any], Any]
    locked: bool = True

    def run(self, world: BaseWorld[Any], call: object) -> Any:
        """What the handler makes of the call."""
        if not self.locked:
            return self.handler(call)
        with world.transaction(changes=self.verb != "GET"):
            return self.handler(call)


def json_body(
    sent: Request, malformed: Callable[[], Exception], no_object: Callable[[], Exception]
) -> Json:
    """The JSON object in the body, {} if there is no body; else what the provider raises."""
    raw = sent.get_data()
    if not raw:
        return {}
    try:
        parsed = json.loads(raw)
    except ValueError as error:
        raise malformed() from error
    if not isinstance(parsed, dict):
        raise no_object()
    return parsed


def bearer_text(sent: Request) -> str:
    """The token in the header Authorization; empty if there is none."""
    scheme, _, text = sent.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def count_answers(app: Flask, world: BaseWorld[Any], base: str) -> None:
    """Count the statuses of all answers below that path."""

    @app.after_request
    def count(answer: Response) -> Response:
        if request.path.startswith(base):
            with world.lock:
                world.state.counters.statuses[answer.status_code] += 1
        return answer


def cut(_: ConnectionCut) -> Response:
    """Close the socket under the answer: the client sees the connection die."""
    connection = request.environ.get(SOCKET)
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


@dataclass(frozen=True)
class InnerCall:
    """One call of a batch. `marks` are further entries of its WSGI environment."""

    verb: str
    path: str
    headers: Headers
    body: bytes
    marks: Mapping[str, Any]


@dataclass(frozen=True)
class InnerAnswer:
    """What the application answered to it; `status` is like `200 OK`."""

    status: str
    headers: Headers
    body: bytes


def run_inner(app: Flask, call: InnerCall) -> InnerAnswer:
    """Send one call of a batch through the whole application, limits and faults included.

    A fault that cuts its connection cuts that of the batch.
    """
    call.headers.setdefault("Authorization", request.headers.get("Authorization", ""))
    outer = {name: request.environ.get(name) for name in (SOCKET, "REMOTE_ADDR")}
    builder = EnvironBuilder(
        path=call.path,
        method=call.verb,
        headers=call.headers,
        data=call.body,
        base_url=request.host_url,
        environ_overrides={**outer, **call.marks},
    )
    with closing(builder):
        chunks, status, headers = run_wsgi_app(app, builder.get_environ(), buffered=True)
    return InnerAnswer(status, headers, b"".join(chunks))
