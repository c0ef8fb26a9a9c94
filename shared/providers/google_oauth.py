"""Connecting a Google account: consent page, code, identity, and giving access back.

The three POSTs go by httpx: google_auth_oauthlib refuses an emulator's plain http, and a person's
narrower choice of scopes, unless process-wide environment variables say otherwise.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from shared.config import GoogleSettings
from shared.errors import InvalidRequest, PartialConsent, ProviderError, Reauthorize
from shared.providers import google_errors
from shared.tls import authorities

TIMEOUT_SECONDS = 30.0
PREFIX = "https://www.googleapis.com/auth/"
EVENTS = f"{PREFIX}calendar.events"
CALENDAR_LIST = f"{PREFIX}calendar.calendarlist.readonly"
SCOPES = ("openid", "email", EVENTS, CALENDAR_LIST)

# What an older or wider grant may say instead.
_ENOUGH = {
    EVENTS: {EVENTS, f"{PREFIX}calendar"},
    CALENDAR_LIST: {
        CALENDAR_LIST,
        f"{PREFIX}calendar.calendarlist",
        f"{PREFIX}calendar.readonly",
        f"{PREFIX}calendar",
    },
}


@dataclass(frozen=True, slots=True)
class GoogleGrant:
    """What a person gave: `credentials` are to be sealed; `provider_account_id` is Google's sub."""

    credentials: dict[str, Any] = field(repr=False)
    provider_account_id: str
    email: str
    scopes: tuple[str, ...]


def code_challenge(code_verifier: str) -> str:
    """The S256 challenge of a verifier of 43 to 128 characters (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def authorization_url(
    settings: GoogleSettings, state: str, code_challenge: str, login_hint: str | None
) -> str:
    """Where to send the person. `login_hint` is an address or a sub, to preselect an account.

    Only `access_type=offline` with `prompt=consent` gives a refresh token every time; with
    `include_granted_scopes` a person who granted some of it before is asked for the rest alone.
    """
    query = {
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "access_type": "offline",
        "include_granted_scopes": "true",
        "prompt": "consent",
        "state": state,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
    }
    if login_hint:
        query["login_hint"] = login_hint
    return f"{settings.auth_url}?{urlencode(query)}"


def exchange_code(settings: GoogleSettings, code: str, code_verifier: str) -> GoogleGrant:
    """Turns the code that came back into a grant.

    Raises `InvalidRequest` if Google refuses the code, or if the person granted too little: the
    message names what is missing. Raises a `ProviderError` if Google cannot be asked.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": code_verifier,
        "redirect_uri": settings.redirect_uri,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    try:
        answer = _ask("code exchange", "POST", settings.token_url, data=form)
        scopes = tuple(str(answer.get("scope", "")).split())
        _require(scopes)
        bearer = {"Authorization": f"Bearer {_text(answer, 'access_token')}"}
        person = _ask("userinfo", "GET", settings.userinfo_url, headers=bearer)
    except Reauthorize as error:
        raise InvalidRequest(
            f"Google refused the code ({error.code}): start connecting the account again."
        ) from None
    return GoogleGrant(
        credentials={"refresh_token": _text(answer, "refresh_token"), "scopes": list(scopes)},
        provider_account_id=_text(person, "sub"),
        email=_text(person, "email").lower(),
        scopes=scopes,
    )


def revoke(settings: GoogleSettings, credentials: Mapping[str, Any]) -> None:
    """Gives access back; a grant that is gone already counts as given back.

    Stop the account's channels first: they outlive the grant, and nobody could stop them then.
    """
    try:
        _ask(
            "revocation",
            "POST",
            settings.revoke_url,
            data={"token": credentials["refresh_token"]},
        )
    except ProviderError as error:
        if error.code != "invalid_token":
            raise


def _ask(doing: str, method: str, url: str, **sent: Any) -> dict[str, Any]:
    try:
        response = httpx.request(method, url, verify=authorities(), timeout=TIMEOUT_SECONDS, **sent)
        if not response.is_success:
            raise google_errors.refusal(
                response.status_code, response.headers, response.content, doing
            )
        answer = response.json()
    except google_errors.FAILURES as failure:
        raise google_errors.provider_error(failure, doing) from None
    if not isinstance(answer, dict):
        raise google_errors.unexpected_answer(doing)
    return answer


def _require(granted: Iterable[str]) -> None:
    held = set(granted)
    missing = [scope for scope, enough in _ENOUGH.items() if not enough & held]
    if missing:
        names = [scope.removeprefix(PREFIX) for scope in missing]
        raise PartialConsent(
            f"Access was granted only in part, {', '.join(names)} is missing: connect the account "
            "again and leave every box ticked.",
            missing=names,
        )


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"Google gave no {name}: start connecting the account again.")
    return value
