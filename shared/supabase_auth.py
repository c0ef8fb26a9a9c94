"""Supabase Auth as a browser uses it: sign up, sign in, refresh, sign out (GoTrue's interface)."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from shared.config import AuthSettings
from shared.errors import InvalidRequest, RateLimited, SignInUnavailable
from shared.tls import authorities

log = structlog.get_logger()

TIMEOUT_SECONDS = 10.0
VERSION = "2024-01-01"
"""From this version of its API on, a refusal is `{code, message}`."""

REFUSALS = {
    "invalid_credentials": "The e-mail address or the password is wrong.",
    "email_not_confirmed": "Open the link in the e-mail that was sent to you, then sign in.",
    "user_already_exists": "This e-mail address has an account already. Sign in instead.",
    "email_exists": "This e-mail address has an account already. Sign in instead.",
    "email_address_invalid": "This is not an e-mail address.",
    "validation_failed": "This is not an e-mail address, or the password is missing.",
    "weak_password": "This password is too easy to guess. Take a longer one.",
    "signup_disabled": "New accounts are not given here.",
    "user_banned": "This account is locked.",
}
"""What a refusal means to a person. Source: Supabase, "Error codes" of Auth."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A person's session: `access` says who they are for an hour, `refresh` gives the next two."""

    email: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class SupabaseAuth:
    """Speaks to the Auth service of a project. Threads share one.

    Every method raises `InvalidRequest` with words for the person where it is refused,
    `RateLimited`, or `SignInUnavailable`.
    """

    def __init__(self, settings: AuthSettings) -> None:
        self._url, self._key = settings.url, settings.anon_key
        self._http = httpx.Client(verify=authorities(), timeout=TIMEOUT_SECONDS)

    def sign_in(self, email: str, password: str) -> Tokens:
        """Opens a session."""
        body = {"email": email, "password": password}
        return _tokens(self._ask("token", {"grant_type": "password"}, body))

    def sign_up(self, email: str, password: str) -> Tokens | None:
        """Makes an account and opens a session; None where the address is to be confirmed first."""
        answer = self._ask("signup", {}, {"email": email, "password": password})
        return _tokens(answer) if "access_token" in answer else None

    def refresh(self, tokens: Tokens) -> Tokens:
        """The next tokens of a session. The old refresh token is used up."""
        body = {"refresh_token": tokens.refresh}
        return _tokens(self._ask("token", {"grant_type": "refresh_token"}, body))

    def sign_out(self, tokens: Tokens) -> None:
        """Ends this session; other browsers of the person stay signed in."""
        self._ask("logout", {"scope": "local"}, {}, tokens.access)

    def _ask(
        self, path: str, query: dict[str, str], body: dict[str, str], bearer: str | None = None
    ) -> dict[str, Any]:
        if not (self._url and self._key):
            log.error("sign_in_not_configured", missing="SUPABASE_URL or SUPABASE_ANON_KEY")
            raise SignInUnavailable("Signing in is not set up on this CalSync.")
        headers = {
            "apikey": self._key,
            "Authorization": f"Bearer {bearer or self._key}",
            "X-Supabase-Api-Version": VERSION,
        }
        try:
            url = f"{self._url}/{path}"
            answer = self._http.post(url, params=query, json=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("sign_in_unavailable", error=type(error).__name__)
            raise SignInUnavailable from error
        return _content(answer)


def _content(answer: httpx.Response) -> dict[str, Any]:
    """The one place where a status of Auth becomes an error."""
    if answer.status_code == 429:
        raise RateLimited("Too many attempts. Wait a minute, then try again.")
    content = _json(answer)
    if answer.is_success:
        return content
    code = str(content.get("code", ""))
    log.warning("sign_in_refused", status=answer.status_code, code=code)
    # 401 comes from the gateway: it does not know our key.
    if answer.is_client_error and answer.status_code != 401:
        raise InvalidRequest(REFUSALS.get(code, "This was refused. Please try again."))
    raise SignInUnavailable


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json() if answer.content else {}
    except ValueError:
        raise SignInUnavailable from None
    return content if isinstance(content, dict) else {}


def _tokens(answer: dict[str, Any]) -> Tokens:
    try:
        return Tokens(answer["user"]["email"], answer["access_token"], answer["refresh_token"])
    except (KeyError, TypeError):
        raise SignInUnavailable from None
