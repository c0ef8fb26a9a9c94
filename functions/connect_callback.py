"""GET /oauth/google/callback and /oauth/microsoft/callback: back from the consent page."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, Response, request
from werkzeug.exceptions import MethodNotAllowed

from functions.connect_cookie import drop_cookie, set_cookie
from functions.connect_pages import ended_page, pages
from functions.request_id import request_id
from shared.errors import DatabaseUnavailable
from shared.states import Provider
from shared.steps.connect_oauth import Ended, Outcome, cookie_name, end_oauth
from shared.steps.consent import BY_OAUTH, redirect_uri
from shared.steps.service import Service

log = structlog.get_logger()


def handle(request: Request, service: Service, provider: Provider) -> Response:
    """Ends the attempt that the query belongs to, and answers a page for the person.

    An attempt is used up by its answer, so whoever only looks (HEAD) gets nothing.
    """
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    answer = request.args.to_dict()
    uri = redirect_uri(service, provider)
    ended = _ended(service, provider, answer, request)
    response = ended_page(provider, ended)
    name = cookie_name(answer.get("state", ""))
    if name in request.cookies and ended.outcome is not Outcome.TROUBLE:
        drop_cookie(response, name, uri)
    if ended.again is not None:
        set_cookie(response, ended.again, uri)
    return response


def _ended(
    service: Service, provider: Provider, answer: Mapping[str, str], request: Request
) -> Ended:
    """A person in front of a browser is told of our own trouble in words, too."""
    try:
        return end_oauth(service, provider, answer, request.cookies, request_id())
    except DatabaseUnavailable as error:
        log.warning("connect_interrupted", provider=provider.value, error=str(error))
        return Ended(Outcome.TROUBLE)


def route_callbacks(app: Flask, service: Service) -> None:
    """Listens where GOOGLE_REDIRECT_URI and MICROSOFT_REDIRECT_URI point."""
    app.register_blueprint(pages)
    configured = {
        Provider.GOOGLE: service.settings.google,
        Provider.MICROSOFT: service.settings.microsoft,
    }
    for provider in BY_OAUTH:
        if configured[provider] is not None:
            path = urlsplit(redirect_uri(service, provider)).path or "/"
            app.add_url_rule(path, f"{provider}_callback", _view(service, provider))


def _view(service: Service, provider: Provider) -> Callable[[], Response]:
    def view() -> Response:
        return handle(request, service, provider)

    return view
