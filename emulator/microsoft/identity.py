"""The identity platform v2.0: routes and the consent page."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, render_template_string, request

from emulator.common.json_types import Json
from emulator.common.tokens import CODE_SECONDS, Client, code_for

from . import discovery, token_endpoint
from .call import apply
from .identity_errors import IdentityError
from .identity_pages import CONSENT, FORM_POST
from .token_endpoint import OPENID
from .tokens import Grant
from .world import World


def checked_client(world: World, client_id: str | None, redirect_uri: str | None) -> Client:
    """The client behind an authorization request; IdentityError 700016 or 50011."""
    client = world.store.tokens.clients.get(client_id or "")
    if client is None:
        raise IdentityError(700016)
    if not redirect_uri or not client.may_return_to(redirect_uri):
        raise IdentityError(50011)
    return client


def issue_code(world: World, grant: Grant, params: Json) -> str:
    """An authorization code, as a click on the consent page makes it."""
    expires_ms = world.in_seconds_ms(CODE_SECONDS)
    return world.store.tokens.issue_code(world.rng, code_for(grant, params, expires_ms))


def _authorize(world: World, tenant: str) -> Response:
    asked = request.args
    client = checked_client(world, asked.get("client_id"), asked.get("redirect_uri"))
    scopes = tuple(asked.get("scope", "").split())
    if asked.get("response_type") != "code" or not scopes:
        raise IdentityError(90014)
    if request.method == "POST":
        return _chosen(world, client, scopes)
    hint = asked.get("login_hint", "").lower()
    people = [p for p in world.store.people.values() if hint in ("", p.email, p.id)]
    page = render_template_string(
        CONSENT,
        client_id=client.client_id,
        scopes=[scope for scope in scopes if scope not in OPENID],
        people=people or list(world.store.people.values()),
    )
    return Response(page, mimetype="text/html")


def _chosen(world: World, client: Client, scopes: tuple[str, ...]) -> Response:
    asked, email = request.args, request.form.get("email", "").lower()
    back: dict[str, str] = {"state": asked["state"]} if "state" in asked else {}
    if request.form.get("deny") or email not in world.store.people:
        refused = IdentityError(65004)
        back |= {"error": refused.reason.error, "error_description": str(refused)}
    else:
        grant = Grant(email, client.client_id, scopes)
        back |= {"code": issue_code(world, grant, asked.to_dict())}
        back |= {"session_state": world.store.people[email].id}
    return _send_back(asked["redirect_uri"], asked.get("response_mode", "query"), back)


def _send_back(uri: str, mode: str, back: dict[str, str]) -> Response:
    if mode == "form_post":
        page = render_template_string(FORM_POST, uri=uri, fields=back)
        return Response(page, mimetype="text/html")
    glue = "#" if mode == "fragment" else "&" if urlsplit(uri).query else "?"
    return Response(status=302, headers={"Location": uri + glue + urlencode(back)})


def _view(world: World, handler: Callable[[World, str], Response]) -> Callable[[str], Response]:
    def view(tenant: str) -> Response:
        faults = world.faults_of(request)
        apply(faults, "before")
        with world.transaction():
            answer = handler(world, tenant)
        apply(faults, "after")
        return answer

    return view


def register(app: Flask, world: World) -> None:
    """Add the routes."""
    routes = {
        "/<tenant>/v2.0/.well-known/openid-configuration": (discovery.configuration, ["GET"]),
        "/<tenant>/discovery/v2.0/keys": (discovery.keys, ["GET"]),
        "/<tenant>/oauth2/v2.0/authorize": (_authorize, ["GET", "POST"]),
        "/<tenant>/oauth2/v2.0/token": (token_endpoint.token, ["POST"]),
    }
    for path, (handler, verbs) in routes.items():
        app.add_url_rule(path, f"identity {path}", _view(world, handler), methods=verbs)

    @app.errorhandler(IdentityError)
    def refused(error: IdentityError) -> Response:
        answer = jsonify(error.body(world.clock.now()))
        answer.status_code = error.reason.status
        return answer
