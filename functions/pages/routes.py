"""The pages' addresses, what every answer of theirs carries, and the pages for errors."""

import structlog
from flask import Blueprint, Flask, Response, render_template, request
from flask_limiter import RateLimitExceeded
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from functions.pages.blocks import route_blocks
from functions.pages.connect import route_connect
from functions.pages.door import FIELD, Door
from functions.pages.events import route_events
from functions.pages.forms import go_to
from functions.pages.home import route_home
from functions.pages.sign_in import route_sign_in
from functions.pages.words import DONE, TITLES
from functions.problems import detail_of, status_of
from functions.rate_limits import RateLimits
from shared.errors import CalSyncError, Unauthorized
from shared.steps.service import Service

log = structlog.get_logger()

HEADERS = {
    # No scripts, no frames, nothing of others.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ASSETS = "site.static"
HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')


def route_pages(app: Flask, service: Service, rates: RateLimits) -> None:
    """Adds the pages."""
    door = Door(service, rates)
    site = Blueprint(
        "site",
        __name__,
        template_folder="templates",
        static_folder="assets",
        static_url_path="/assets",
    )
    _guard(site, door)
    for route in (route_sign_in, route_home, route_connect, route_blocks, route_events):
        route(site, door)
    _answer_errors(site, door)
    app.register_blueprint(site)


def _guard(site: Blueprint, door: Door) -> None:
    @site.before_request
    def arrive() -> None:
        if request.endpoint != ASSETS:
            door.arrive()

    @site.after_request
    def leave(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if request.endpoint != ASSETS:
            response.headers["Cache-Control"] = "no-store"
            door.leave(response)
        return response

    @site.context_processor
    def known_everywhere() -> dict[str, object]:
        session = door.session()
        return {
            "token": HIDDEN.format(FIELD, session.csrf),
            "person": session.tokens.email if session.tokens else None,
            "done": DONE.get(request.args.get("done", "")),
            "here": request.endpoint,
        }


def _answer_errors(site: Blueprint, door: Door) -> None:
    @site.errorhandler(Unauthorized)
    def sign_in_first(error: Unauthorized) -> Response:
        if door.session().tokens is None:
            return go_to("sign_in")
        door.let_out()
        return go_to("sign_in", "ran-out")

    @site.errorhandler(CalSyncError)
    def refused(error: CalSyncError) -> Response:
        log.warning("page_refused", error=type(error).__name__, path=request.path)
        return error_page(status_of(error), detail_of(error))

    @site.errorhandler(RateLimitExceeded)
    def too_many(error: RateLimitExceeded) -> Response:
        return error_page(429, "Wait a minute, then try again.")

    @site.errorhandler(HTTPException)
    def unfit(error: HTTPException) -> Response:
        return error_page(error.code or 500, error.description or error.name)

    @site.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        log.error("page_crashed", error=type(error).__name__, path=request.path, exc_info=error)
        return error_page(500, "Something broke here. It was written down; please try again.")


def lost_page() -> Response:
    """For a browser at an address that nothing has."""
    answer = error_page(404, "No page of CalSync has this address.")
    answer.headers.extend(HEADERS)
    return answer


def error_page(status: int, detail: str) -> Response:
    """Says what went wrong, and leads back."""
    title = TITLES.get(status, "Something went wrong")
    return Response(render_template("error.html", title=title, detail=detail), status=status)
