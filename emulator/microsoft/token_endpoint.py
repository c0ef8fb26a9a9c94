"""The token endpoint: codes and refresh tokens against access tokens."""

import base64
import hashlib

import jwt
from flask import Response, jsonify, request

from emulator.common.json_types import Json
from emulator.common.tokens import Client

from .discovery import KEY_ID, public_base, signing_key
from .identity_errors import IdentityError
from .tokens import Grant, RefreshToken
from .world import World

OPENID = frozenset({"openid", "profile", "email", "offline_access"})


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


def token(world: World, tenant: str) -> Response:
    """Serve one call; IdentityError with its AADSTS code."""
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
    if not code.verified_by(request.form.get("code_verifier", "")):
        raise IdentityError(501481)
    return _answer(world, code.grant, code.nonce)


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
        "iss": f"{public_base(world, request)}/{person.tenant}/v2.0",
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
    return jwt.encode(claims, signing_key(), "RS256", headers={"kid": KEY_ID})
