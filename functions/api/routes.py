"""The API's endpoints, in the order of its pages, and their one wiring."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from functions import connect_api
from functions.api import (
    accounts,
    alerts,
    appointments,
    audit_log,
    calendars,
    checks,
    conflicts,
    events,
    explain,
    free_busy,
    health,
    meetings,
    prove_push,
    real_time_sync,
    sync_logs,
    webhooks,
)
from functions.api.docs import docs_page
from functions.api.endpoint import PREFIX, AnyEndpoint
from functions.api.frame import Frame
from functions.api.openapi import openapi_document
from functions.rate_limits import RateLimits
from shared.steps.service import Service

ENDPOINTS: tuple[AnyEndpoint, ...] = (
    *accounts.ENDPOINTS,
    *connect_api.ENDPOINTS,
    *calendars.ENDPOINTS,
    *explain.ENDPOINTS,
    *events.ENDPOINTS,
    *meetings.ENDPOINTS,
    *appointments.ENDPOINTS,
    *conflicts.ENDPOINTS,
    *free_busy.ENDPOINTS,
    *real_time_sync.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *checks.ENDPOINTS,
    *prove_push.ENDPOINTS,
    *health.ENDPOINTS,
    *alerts.ENDPOINTS,
    *sync_logs.ENDPOINTS,
    *audit_log.ENDPOINTS,
)


def route_api(app: Flask, service: Service, rates: RateLimits) -> None:
    """Adds the API, its OpenAPI document and the page that shows it."""
    frame = Frame(service, rates)
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    for endpoint in ENDPOINTS:
        rule = "/" + endpoint.path.replace("{", "<uuid:").replace("}", ">")
        view = _view(frame, endpoint)
        api.add_url_rule(rule, endpoint.name, view, methods=[endpoint.method])
    api.after_request(_guarded)
    app.register_blueprint(api)

    @app.get("/api/v1/openapi.json")
    def openapi() -> dict[str, Any]:
        return _document()

    @app.get("/api/v1/docs")
    def docs() -> Response:
        return docs_page(_document())


@cache
def _document() -> dict[str, Any]:
    return openapi_document(ENDPOINTS)


def _view(frame: Frame, endpoint: AnyEndpoint) -> Callable[..., Response]:
    def view(**path: UUID) -> Response:
        return frame.serve(endpoint, request, path)

    return view


def _guarded(response: Response) -> Response:
    """Answers are for their caller alone: no cache keeps them, no browser guesses their type."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
