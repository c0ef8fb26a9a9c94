"""The OAuth endpoints: consent page, token, revoke, userinfo (identity/protocols/oauth2)."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import jwt
from flask import Flask, Request, Response, jsonify, render_template_string, request

from emulator.common.json_types import Json
from emulator.common.tokens import CODE_SECONDS, Client, code_for

from .call import apply, bearer
from .errors import unauthenticated
from .tokens import Code, Grant
from .world import World

ID_TOKEN_KEY = "calsync emulator: id tokens are signed, never trusted"
CONSENT_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Choose an account</title>
<body style="font-family: sans-serif; max-width: 34rem; margin: 3rem auto">
<h1>Choose an account</h1>
<p>to continue to <b>{{ client_id }}</b>, which asks for:</p>
<ul>{% for scope in scopes %}<li><label><input type="checkbox" form="choice" name="granted"
 value="{{ scope }}" checked> {{ scope }}</label></li>{% endfor %}</ul>
<form id="choice" method="post">
{% for person in people %}<p><button name="email" value="{{ person.email }}">
{{ person.name }} &lt;{{ person.email }}&gt;</button></p>
{% else %}<p>Nobody has an account in this emulator yet.</p>{% endfor %}
<p><button name="deny" value="1">Deny</button></p>
</form></body></html>"""


class OAuthError(Exception):
    """An OAuth refusal: `error` and `error_description` in Google's words."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def checked_client(world: World, client_id: str | None, redirect_uri: str | None) -> Client:
    """The client behind an authorization request; OAuthError 401 or 400."""
    client = world.state.tokens.clients.get(client_id or "")
    if client is None:
        raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
    if not redirect_uri or not client.may_return_to(redirect_uri):
        raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
    return client


def issue_code(world: World, grant: Grant, params: Json) -> str:
    """An authorization code, as a click on the consent page makes it."""
    expires_ms = world.in_seconds_ms(CODE_SECONDS)
    return world.state.tokens.issue_code(code_for(grant, params, expires_ms))


def _authorize(world: World) -> Response:
    asked = request.args
    client = checked_client(world, asked.get("client_id"), asked.get("redirect_uri"))
    if asked.get("response_type") != "code":
        raise OAuthError(400, "unsupported_response_type", "Only response_type=code is served.")
    scopes = tuple(asked.get("scope", "").split())
    if not scopes:
        raise OAuthError(400, "invalid_request", "Missing required parameter: scope")
    if request.method == "POST":
        return _chosen(world, client, scopes)
    hint = asked.get("login_hint")
    people = [p for p in world.state.people.values() if hint in (None, "", p.email, p.sub)]
    people = people or list(world.state.people.values())
    page = render_template_string(
        CONSENT_PAGE, client_id=client.client_id, scopes=scopes, people=people
    )
    return Response(page, mimetype="text/html")


def _chosen(world: World, client: Client, scopes: tuple[str, ...]) -> Response:
    asked, email = request.args, request.form.get("email", "").lower()
    back: dict[str, str] = {"state": asked["state"]} if "state" in asked else {}
    if request.form.get("deny") or email not in world.state.people:
        back["error"] = "access_denied"
    else:
        granted = request.form.getlist("granted")
        kept = tuple(scope for scope in scopes if not granted or scope in granted)
        party = (email, client.client_id)
        is_new = party not in world.state.tokens.consented or asked.get("prompt") == "consent"
        offline = asked.get("access_type") == "offline" and is_new
        world.state.tokens.consented.add(party)
        grant = Grant(email, client.client_id, kept, offline)
        back |= {"code": issue_code(world, grant, asked.to_dict()), "scope": " ".join(kept)}
    glue = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return Response(
        status=302, headers={"Location": asked["redirect_uri"] + glue + urlencode(back)}
    )


def _client_of_token_call(world: World, sent: Request) -> Client:
    client_id, secret = sent.form.get("client_id"), sent.form.get("client_secret")
    if sent.authorization is not None and sent.authorization.type == "basic":
        client_id, secret = sent.authorization.username, sent.authorization.password
    client = world.state.tokens.clients.get(client_id or "")
    if client is None:
        raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
    if secret != client.client_secret:
        raise OAuthError(401, "invalid_client", "Unauthorized")
    return client


def _token(world: World) -> Response:
    client = _client_of_token_call(world, request)
    kind = request.form.get("grant_type", "")
    if kind == "authorization_code":
        return jsonify(_exchange_code(world, client))
    if kind == "refresh_token":
        return jsonify(_refresh(world, client))
    raise OAuthError(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")


def _exchange_code(world: World, client: Client) -> Json:
    text = request.form.get("code")
    if not text:
        raise OAuthError(400, "invalid_request", "Missing required parameter: code")
    code = world.state.tokens.codes.pop(text, None)
    if code is None or code.grant.client_id != client.client_id:
        raise OAuthError(400, "invalid_grant", "Malformed auth code.")
    if code.expires_ms <= world.now_ms():
        raise OAuthError(400, "invalid_grant", "Bad Request")
    if request.form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
    _check_verifier(code)
    answer = _access_answer(world, code.grant, code.nonce)
    if code.grant.offline:
        answer["refresh_token"] = world.state.tokens.issue_refresh(code.grant)
    return answer


def _check_verifier(code: Code) -> None:
    verifier = request.form.get("code_verifier", "")
    if code.challenge is not None and not verifier:
        raise OAuthError(400, "invalid_grant", "Missing code verifier.")
    if not code.verified_by(verifier):
        raise OAuthError(400, "invalid_grant", "Invalid code verifier.")


def _refresh(world: World, client: Client) -> Json:
    text = request.form.get("refresh_token")
    if not text:
        raise OAuthError(400, "invalid_request", "Missing required parameter: refresh_token")
    grant = world.state.tokens.refresh.get(text)
    if grant is None or grant.email not in world.state.people:
        raise OAuthError(400, "invalid_grant", "Token has been expired or revoked.")
    if grant.client_id != client.client_id:
        raise OAuthError(401, "unauthorized_client", "Unauthorized")
    answer = _access_answer(world, grant, None)
    if world.state.settings.rotate_refresh_tokens:
        del world.state.tokens.refresh[text]
        answer["refresh_token"] = world.state.tokens.issue_refresh(grant)
    return answer


def _access_answer(world: World, grant: Grant, nonce: str | None) -> Json:
    seconds = world.state.settings.access_token_seconds
    world.state.tokens.forget_expired(world.now_ms())
    token = world.state.tokens.issue_access(grant, world.in_seconds_ms(seconds))
    answer: Json = {
        "access_token": token,
        "expires_in": seconds,
        "scope": " ".join(grant.scopes),
        "token_type": "Bearer",
    }
    if "openid" in grant.scopes:
        answer["id_token"] = _id_token(world, grant, seconds, nonce)
    return answer


def _id_token(world: World, grant: Grant, seconds: int, nonce: str | None) -> str:
    now_s = world.now_ms() // 1000
    claims = _userinfo_of(world, grant) | {
        "iss": "https://accounts.google.com",
        "aud": grant.client_id,
        "iat": now_s,
        "exp": now_s + seconds,
    }
    return jwt.encode(claims | ({"nonce": nonce} if nonce else {}), ID_TOKEN_KEY, "HS256")


def _userinfo_of(world: World, grant: Grant) -> Json:
    person = world.state.people[grant.email]
    info: Json = {"sub": person.sub}
    if _has(grant, "email", "userinfo.email"):
        info |= {"email": person.email, "email_verified": True}
    if _has(grant, "profile", "userinfo.profile"):
        info["name"] = person.name
    return info


def _has(grant: Grant, *names: str) -> bool:
    return any(scope.rsplit("/", 1)[-1] in names for scope in grant.scopes)


def _userinfo(world: World) -> Response:
    token = bearer(world, request)
    if token is None:
        error = unauthenticated()
        return Response(
            '{"error":"invalid_request","error_description":"Invalid Credentials"}',
            status=401,
            headers=error.headers,
            mimetype="application/json",
        )
    return jsonify(_userinfo_of(world, token.grant))


def _revoke(world: World) -> Response:
    text = request.values.get("token", "")
    if not world.state.tokens.revoke(text):
        raise OAuthError(400, "invalid_token", "Token expired or revoked")
    return jsonify({})


def _view(world: World, handler: Callable[[World], Response]) -> Callable[[], Response]:
    def view() -> Response:
        faults = world.faults_of(request)
        apply(faults, "before")
        with world.transaction():
            answer = handler(world)
        apply(faults, "after")
        return answer

    return view


def register(app: Flask, world: World) -> None:
    """Add the OAuth routes."""
    routes = {
        "/o/oauth2/v2/auth": (_authorize, ["GET", "POST"]),
        "/token": (_token, ["POST"]),
        "/revoke": (_revoke, ["POST"]),
        "/oauth2/v3/userinfo": (_userinfo, ["GET", "POST"]),
    }
    for path, (handler, verbs) in routes.items():
        app.add_url_rule(path, f"oauth {path}", _view(world, handler), methods=verbs)

    @app.errorhandler(OAuthError)
    def refused(error: OAuthError) -> Response:
        answer = jsonify(error.body)
        answer.status_code = error.status
        return answer
