"""Wires the function URLs; nothing else lives here."""

import os
from uuid import UUID

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from functions import (
    calendar_polling_cron,
    calendar_polling_service,
    google_calendar_webhook,
    health,
    microsoft_calendar_webhook,
    renew_calendar_watches,
)
from functions.api.routes import route_api
from functions.connect_callback import route_callbacks
from functions.pages.routes import lost_page, route_pages
from functions.problems import MEDIA_TYPE, problem, problem_of
from functions.rate_limits import RateLimits
from functions.request_id import carry_request_ids
from shared.config import read_settings
from shared.errors import CalSyncError
from shared.log import set_up_logs
from shared.steps.open_service import open_service
from shared.steps.service import Service
from shared.worker import start_in_background

log = structlog.get_logger()

ANSWERS = (MEDIA_TYPE, "text/html")
MAX_BODY_BYTES = 64 * 1024


def create_app(service: Service) -> Flask:
    """Gives the WSGI application over an open service."""
    app = Flask("calsync")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    carry_request_ids(app)
    rates = RateLimits(app, service.settings.rates)
    _route_webhooks(app, service)
    _route_crons(app, service)
    _route_health(app, service)
    route_api(app, service, rates)
    route_callbacks(app, service)
    route_pages(app, service, rates)
    app.register_error_handler(CalSyncError, _answer_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_crash)
    return app


def served_app() -> Flask:
    """Gives the application as `calsync serve` runs it: from the environment, with its workers."""
    set_up_logs()
    settings = read_settings(os.environ)
    service = open_service(settings)
    if settings.sync_workers:
        start_in_background(service)
    return create_app(service)


def _route_webhooks(app: Flask, service: Service) -> None:
    @app.post("/functions/v1/google-calendar-webhook")
    def google_calendar_webhook_function() -> Response:
        return google_calendar_webhook.handle(request, service)

    @app.post("/webhooks/google/<uuid:calendar_id>/")
    def google_calendar_webhook_url(calendar_id: UUID) -> Response:
        return google_calendar_webhook.handle(request, service, calendar_id)

    @app.post("/functions/v1/microsoft-calendar-webhook")
    def microsoft_calendar_webhook_function() -> Response:
        return microsoft_calendar_webhook.handle(request, service)

    @app.post("/webhooks/microsoft/<uuid:calendar_id>/")
    def microsoft_calendar_webhook_url(calendar_id: UUID) -> Response:
        return microsoft_calendar_webhook.handle(request, service, calendar_id)


def _route_crons(app: Flask, service: Service) -> None:
    @app.post("/functions/v1/calendar-polling-service")
    def polling_service() -> Response:
        return calendar_polling_service.handle(request, service)

    @app.post("/functions/v1/calendar-polling-cron")
    def polling_cron() -> Response:
        return calendar_polling_cron.handle(request, service)

    @app.post("/functions/v1/renew-calendar-watches")
    def renew_watches() -> Response:
        return renew_calendar_watches.handle(request, service)


def _route_health(app: Flask, service: Service) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return health.handle_healthz()

    @app.get("/readyz")
    def readyz() -> Response:
        return health.handle_readyz(service)


def _answer_error(error: CalSyncError) -> Response:
    log.warning("refused", error=type(error).__name__, path=request.path)
    return problem_of(error)


def _answer_http_error(error: HTTPException) -> Response:
    if error.code == 404 and request.accept_mimetypes.best_match(ANSWERS) == "text/html":
        return lost_page()
    answer = problem(error.code or 500, f"http_{error.code}", error.description or error.name)
    told = error.get_response().headers
    answer.headers.extend((name, told[name]) for name in ("Allow", "Retry-After") if name in told)
    return answer


def _answer_crash(error: Exception) -> Response:
    log.error("crashed", error=type(error).__name__, path=request.path, exc_info=error)
    return problem(500, "internal_error", "Something broke here; the log says what")
