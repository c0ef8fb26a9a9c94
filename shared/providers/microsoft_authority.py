"""The identity platform, by MSAL: refresh tokens and codes become access tokens."""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from warnings import catch_warnings, simplefilter

import httpx
import msal

from shared.config import MicrosoftSettings
from shared.errors import ProviderError
from shared.providers import microsoft_errors

GRAPH = "https://graph.microsoft.com/"
CALENDARS = f"{GRAPH}Calendars.ReadWrite"
# MSAL adds openid, profile and offline_access itself, and refuses to be told.
SCOPES = (CALENDARS, f"{GRAPH}User.Read")

Answer = dict[str, Any]


class Authority:
    """The token endpoint of one app registration. Thread-safe.

    MSAL is made on first use, since that asks for the platform's metadata, and kept: it remembers
    the metadata for a day, and answers a request that was refused (400) from memory for a minute.
    """

    def __init__(self, settings: MicrosoftSettings, http: httpx.Client) -> None:
        self._settings = settings
        self._transport = _Transport(settings.authority, http)
        self._app: msal.ConfidentialClientApplication | None = None
        self._lock = Lock()

    def refresh(self, refresh_token: str) -> Answer:
        """Gives a token answer with `access_token`, `expires_in` and mostly `refresh_token`.

        Raises `Reauthorize` for a grant that ended, other errors as the identity platform means
        them (see microsoft_errors).
        """
        doing = "token refresh"
        app = self._ready(doing)
        return _granted(app.acquire_token_by_refresh_token(refresh_token, list(SCOPES)), doing)

    def begin(self, login_hint: str | None) -> Answer:
        """Gives MSAL's flow: `auth_uri` to send the person to; the rest is for `finish` alone."""
        app = self._ready("authorization")
        with catch_warnings():
            # MSAL would have the answer POSTed: cookies of ours would not come with it, and a
            # redirect to this machine takes a GET alone. State, PKCE and nonce are all there.
            simplefilter("ignore")
            flow = app.initiate_auth_code_flow(
                scopes=list(SCOPES),
                redirect_uri=self._settings.redirect_uri,
                login_hint=login_hint,
                prompt="select_account",
            )
        return {**flow, "auth_uri": self._transport.reachable(flow["auth_uri"])}

    def finish(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Answer:
        """Turns the query that came back into a token answer with `id_token_claims`.

        Raises ValueError if it does not belong to the flow, a `ProviderError` if it is refused.
        """
        doing = "code exchange"
        app = self._ready(doing)
        return _granted(app.acquire_token_by_auth_code_flow(dict(flow), dict(answer)), doing)

    def _ready(self, doing: str) -> msal.ConfidentialClientApplication:
        with self._lock:
            if self._app is None:
                self._app = self._made(doing)
            return self._app

    def _made(self, doing: str) -> msal.ConfidentialClientApplication:
        try:
            return msal.ConfidentialClientApplication(
                self._settings.client_id,
                client_credential=self._settings.client_secret,
                authority=self._transport.secured(self._settings.authority),
                instance_discovery=False,
                http_client=self._transport,
                token_cache=_NoCache(),
            )
        except (ValueError, KeyError):
            raise microsoft_errors.unexpected_answer(doing) from None


class _NoCache(msal.TokenCache):  # type: ignore[misc]  # MSAL is untyped
    """Remembers nothing: the accounts' tokens are in the database, and in TokenMemory."""

    def add(self, event: Mapping[str, Any], now: float | None = None) -> None:
        """Forgets a token answer at once."""


class _Transport:
    """MSAL's `http_client`: httpx, and plain http where the authority is plain http.

    MSAL insists on https. An authority without TLS is shown to it under https, and told under
    which name it is known.
    """

    def __init__(self, authority: str, http: httpx.Client) -> None:
        parts = urlsplit(authority)
        self._plain = parts.netloc if parts.scheme == "http" else None
        self._http = http

    def secured(self, url: str) -> str:
        """The authority as MSAL is to see it."""
        return urlunsplit(urlsplit(url)._replace(scheme="https"))

    def reachable(self, url: str) -> str:
        """A URL of MSAL's as it can be opened."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(scheme="http")) if parts.netloc == self._plain else url

    def get(self, url: str, **sent: Any) -> httpx.Response:
        """As `requests.get`, in so far as MSAL uses it."""
        return self._ask("GET", url, sent)

    def post(self, url: str, **sent: Any) -> httpx.Response:
        """As `requests.post`, in so far as MSAL uses it."""
        return self._ask("POST", url, sent)

    def close(self) -> None:
        """Leaves the connections to their owner."""

    def _ask(self, verb: str, url: str, sent: Mapping[str, Any]) -> httpx.Response:
        doing = "identity platform"
        headers = dict(sent.get("headers") or {})
        if self._plain is not None:
            headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-Host": self._plain}
        try:
            response = self._http.request(
                verb,
                self.reachable(url),
                params=sent.get("params"),
                data=sent.get("data"),
                headers=headers,
            )
        except httpx.RequestError as failure:
            raise microsoft_errors.network_failure(failure, doing) from None
        if response.status_code >= 500 or response.status_code == 429:
            # MSAL would drop a fractional Retry-After, and the body.
            raise microsoft_errors.refusal(
                response.status_code, response.headers, response.content, doing
            )
        if not _is_object(response.text):
            raise _not_json(response, doing)
        return response


def _not_json(response: httpx.Response, doing: str) -> ProviderError:
    if response.is_success:
        return microsoft_errors.unexpected_answer(doing)
    return microsoft_errors.refusal(response.status_code, response.headers, b"", doing)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _granted(answer: Answer, doing: str) -> Answer:
    """MSAL raises nothing for a refusal: it is a dict with an `error`."""
    if isinstance(answer.get("access_token"), str):
        return answer
    if "error" not in answer:
        raise microsoft_errors.unexpected_answer(doing)
    raise microsoft_errors.refusal(400, {}, answer, doing)
