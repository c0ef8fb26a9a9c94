"""The identity platform v2.0: discovery, keys, consent page, tokens."""

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Request, Response, jsonify, render_template_string, request

from emulator.google.faults import REQUEST_KINDS, Target
from emulator.google.json_types import Json

from .calendar_service import TENANT
from .call import apply
from .identity_errors import IdentityError
from .identity_pages import CONSENT, FORM_POST
from .tokens import CODE_SECONDS, Client, Code, Grant, RefreshToken
from .world import World

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
KEY_ID = "calsync-emulator"
ANY_TENANT = frozenset({"common", "organizations", "consumers"})


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_base(world: World, asked: Request) -> str:
    """Scheme and host under which the client knows this server.

    The setting `public_authority`, else what a rewriting client says in X-Forwarded-Proto and
    X-Forwarded-Host, else where the request came to.
    """
    if world.settings.public_authority:
        return world.settings.public_authority.rstrip("/")
    host = asked.headers.get("X-Forwarded-Host")
    if host:
        return f"{asked.headers.get('X-Forwarded-Proto', 'https')}://{host}"
    return asked.host_url.rstrip("/")


def _discovery(world: World, tenant: str) -> Response:
    base = public_base(world, request)
    browser = (world.settings.browser_url or base).rstrip("/")
    oauth = f"{base}/{tenant}/oauth2/v2.0"
    issued_for = "{tenantid}" if tenant in ANY_TENANT else tenant
    return jsonify(
        {
            "token_endpoint": f"{oauth}/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/{issued_for}/v2.0",
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "authorization_endpoint": f"{browser}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{oauth}/logout",
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "name", "tid", "oid"],
            "kerberos_endpoint": f"{base}/{tenant}/kerberos",
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        }
    )


def _keys(world: World, tenant: str) -> Response:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
    return jsonify({"keys": [dict(public) | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})


def redirect_allowed(client: Client, uri: str) -> bool:
    """A registered URI; for a client without any, loopback or https."""
    if client.redirect_uris:
        return uri in client.redirect_uris
    parts = urlsplit(uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def checked_client(world: World, client_id: str | None, redirect_uri: str | None) -> Client:
    """The client behind an authorization request; IdentityError 700016 or 50011."""
    client = world.store.tokens.clients.get(client_id or "")
    if client is None:
        raise IdentityError(700016)
    if not redirect_uri or not redirect_allowed(client, redirect_uri):
        raise IdentityError(50011)
    return client


def issue_code(world: World, grant: Grant, params: Json) -> str:
    """An authorization code, as a click on the consent page makes it."""
    return world.store.tokens.issue_code(
        world.rng,
        Code(
            grant=grant,
            redirect_uri=params["redirect_uri"],
            challenge=params.get("code_challenge"),
            challenge_method=params.get("code_challenge_method") or "plain",
            expires_ms=world.in_seconds_ms(CODE_SECONDS),
            nonce=params.get("nonce"),
        ),
    )


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


def _client_of_token_call(world: World) -> Client:
    client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
    if request.authorization is not None and request.authorization.type == "basic":
        client_id, secret = request.authorization.username, request.authorization.password
    client = world.store.tokens.clients.get(client_id or "")
    if client is None:
        raise IdentityError(700016)
    if not secret:
        raise IdentityError(7000218)
    if secret != client.client_secret:
        raise IdentityError(7000215)
    return client


def _token(world: World, tenant: str) -> Response:
    client = _client_of_token_call(world)
    kinds = {"authorization_code": _exchange_code, "refresh_token": _refresh}
    handler = kinds.get(request.form.get("grant_type", ""))
    if handler is None:
        raise IdentityError(70003)
    return jsonify(handler(world, client))


def _exchange_code(world: World, client: Client) -> Json:
    text = request.form.get("code")
    if not text:
        raise IdentityError(90014)
    code = world.store.tokens.codes.pop(text, None)
    if code is None or code.grant.client_id != client.client_id:
        raise IdentityError(54005)
    if code.expires_ms <= world.now_ms():
        raise IdentityError(70008)
    if request.form.get("redirect_uri") != code.redirect_uri:
        raise IdentityError(500112)
    _check_verifier(code)
    return _answer(world, code.grant, code.nonce)


def _check_verifier(code: Code) -> None:
    """PKCE (RFC 7636 4.6)."""
    if code.challenge is None:
        return
    verifier = request.form.get("code_verifier", "")
    digest = hashlib.sha256(verifier.encode()).digest()
    s256 = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if code.challenge != (s256 if code.challenge_method == "S256" else verifier):
        raise IdentityError(501481)


def _refresh(world: World, client: Client) -> Json:
    tokens = world.store.tokens
    text = request.form.get("refresh_token")
    if not text:
        raise IdentityError(90014)
    held = tokens.refresh.get(text)
    if held is None or held.grant.client_id != client.client_id:
        raise IdentityError(70000)
    _check_usable(world, held)
    grant = _narrowed(held.grant, request.form.get("scope", "").split())
    if world.settings.revoke_used_refresh_tokens:
        del tokens.refresh[text]
    return _answer(world, grant, None)


def _check_usable(world: World, held: RefreshToken) -> None:
    if held.trouble is not None:
        raise IdentityError(held.trouble)
    limit = world.settings.refresh_token_max_idle_s
    idle_s = (world.now_ms() - held.issued_ms) / 1000
    if limit is not None and idle_s > limit:
        raise IdentityError(700082)
    if held.grant.email not in world.store.people:
        raise IdentityError(50173)


def _narrowed(grant: Grant, wanted: list[str]) -> Grant:
    """The grant for the scopes asked for; 65001 if one of them was never consented to."""
    asked = Grant(grant.email, grant.client_id, tuple(wanted))
    if not asked.permissions - OPENID - {".default"} <= grant.permissions:
        raise IdentityError(65001)
    return grant


def _answer(world: World, grant: Grant, nonce: str | None) -> Json:
    tokens, seconds = world.store.tokens, world.settings.access_token_seconds
    answer: Json = {
        "token_type": "Bearer",
        "scope": " ".join(scope for scope in grant.scopes if scope != "offline_access"),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": tokens.issue_access(world.rng, grant, world.in_seconds_ms(seconds)),
    }
    if "offline_access" in grant.scopes:
        answer["refresh_token"] = tokens.issue_refresh(world.rng, grant, world.now_ms())
    if "openid" in grant.scopes:
        answer["id_token"] = _id_token(world, grant, seconds, nonce)
    if request.form.get("client_info") == "1":
        answer["client_info"] = _client_info(world, grant)
    return answer


def _client_info(world: World, grant: Grant) -> str:
    person = world.store.people[grant.email]
    text = f'{{"uid":"{person.id}","utid":"{person.tenant}"}}'
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _id_token(world: World, grant: Grant, seconds: int, nonce: str | None) -> str:
    person, now_s = world.store.people[grant.email], world.now_ms() // 1000
    claims = {
        "aud": grant.client_id,
        "iss": f"{public_base(world, request)}/{TENANT}/v2.0",
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + seconds,
        "name": person.name,
        "oid": person.id,
        "preferred_username": person.email,
        "email": person.email,
        "sub": hashlib.sha256(f"{person.id}{grant.client_id}".encode()).hexdigest()[:43],
        "tid": person.tenant,
        "ver": "2.0",
    }
    claims |= {"nonce": nonce} if nonce else {}
    return jwt.encode(claims, _key(), "RS256", headers={"kid": KEY_ID})


def _view(world: World, handler: Callable[[World, str], Response]) -> Callable[[str], Response]:
    def view(tenant: str) -> Response:
        target = Target(verb=request.method, path=request.path)
        with world.lock:
            faults = tuple(world.state.faults.take(REQUEST_KINDS, target))
        apply(faults, "before")
        with world.transaction():
            answer = handler(world, tenant)
        apply(faults, "after")
        return answer

    return view


def register(app: Flask, world: World) -> None:
    """Add the routes."""
    routes = {
        "/<tenant>/v2.0/.well-known/openid-configuration": (_discovery, ["GET"]),
        "/<tenant>/discovery/v2.0/keys": (_keys, ["GET"]),
        "/<tenant>/oauth2/v2.0/authorize": (_authorize, ["GET", "POST"]),
        "/<tenant>/oauth2/v2.0/token": (_token, ["POST"]),
    }
    for path, (handler, verbs) in routes.items():
        app.add_url_rule(path, f"identity {path}", _view(world, handler), methods=verbs)

    @app.errorhandler(IdentityError)
    def refused(error: IdentityError) -> Response:
        answer = jsonify(error.body(world.clock.now()))
        answer.status_code = error.reason.status
        return answer
