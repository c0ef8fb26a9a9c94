"""Between the socket and the handlers: routes, bodies, calls inside a batch, cut connections."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .fault_effects import ConnectionCut
from .json_types import Json
from .world import BaseWorld

# In the WSGI environment of a call of a batch: that of the batch. And in the latter: to be cut.
BATCH, CUT = "emulator.batch", "emulator.cut"


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
    """Close the socket under the answer: the client sees the connection die.

    Within a batch it is the batch whose answer is lost, once all its calls are done.
    """
    batch = request.environ.get(BATCH)
    if batch is not None:
        batch[CUT] = True
        return Response(status=500)
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        # The client may have gone already.
        with suppress(OSError):
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
    """Send one call of a batch through the whole application, limits and faults included."""
    call.headers.setdefault("Authorization", request.headers.get("Authorization", ""))
    outer = {BATCH: request.environ, "REMOTE_ADDR": request.remote_addr}
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


def end_batch() -> None:
    """To be called when all calls of a batch are done; ConnectionCut if a fault cut one of them."""
    if request.environ.get(CUT):
        raise ConnectionCut
