"""One id per request: in its answer, in every log line it causes, and in the audit log."""

import re
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

HEADER = "X-Request-Id"
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,100}")


def request_id() -> str:
    """Gives the id of the request that is being served: its own, where it is fit, or a new one."""
    known: str | None = g.get("request_id")
    if known is None:
        sent = request.headers.get(HEADER, "")
        known = g.request_id = sent if _FIT.fullmatch(sent) else str(uuid4())
    return known


def carry_request_ids(app: Flask) -> None:
    """Puts the id into the logs and into every answer."""

    @app.before_request
    def bind() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id())

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        return response
