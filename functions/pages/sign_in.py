"""/sign-in, /sign-up, /sign-out."""

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, render_template, request

from functions.pages.door import Door
from functions.pages.forms import go_to, typed
from functions.problems import status_of
from shared.errors import CalSyncError, InvalidRequest, RateLimited, SignInUnavailable
from shared.supabase_auth import Tokens

log = structlog.get_logger()

Attempt = Callable[[str, str], Tokens | None]


def route_sign_in(site: Blueprint, door: Door) -> None:
    """Adds the pages of people who are not signed in."""

    @site.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response:
        return _page(door, "sign_in.html", door.auth.sign_in)

    @site.route("/sign-up", methods=["GET", "POST"])
    def sign_up() -> Response:
        return _page(door, "sign_up.html", door.auth.sign_up)

    @site.post("/sign-out")
    def sign_out() -> Response:
        _end_session(door)
        door.let_out()
        return go_to("sign_in", "signed-out")


def _page(door: Door, template: str, attempt: Attempt) -> Response:
    if door.session().tokens is not None:
        return go_to("home")
    if request.method == "GET":
        return Response(render_template(template, email="", trouble=None))
    try:
        return _attempted(door, attempt)
    except (InvalidRequest, RateLimited, SignInUnavailable) as error:
        page = render_template(template, email=typed("email"), trouble=str(error))
        return Response(page, status=status_of(error))


def _attempted(door: Door, attempt: Attempt) -> Response:
    email, password = typed("email"), request.form.get("password", "")
    if not (email and password):
        raise InvalidRequest("Type your e-mail address and your password.")
    door.rates.count_sign_in(email)
    tokens = attempt(email, password)
    if tokens is None:
        return go_to("sign_in", "confirm")
    door.let_in(tokens)
    return go_to("home")


def _end_session(door: Door) -> None:
    """The browser forgets its session whatever Auth says."""
    tokens = door.session().tokens
    if tokens is None:
        return
    try:
        door.auth.sign_out(tokens)
    except CalSyncError as error:
        log.warning("sign_out_refused", error=type(error).__name__)
