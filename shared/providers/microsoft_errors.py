"""The one place where Graph's and MSAL's refusals become errors the steps can act on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from shared.errors import (
    GiveUp,
    ProviderError,
    QuotaExceeded,
    Reauthorize,
    ResyncFully,
    Retry,
    Stale,
)

NETWORK = "network"
PROVIDER_UNAVAILABLE = "provider_unavailable"
UNEXPECTED_ANSWER = "unexpected_answer"
WEBHOOK_URL_REFUSED = "webhook_url_refused"
NOT_FOUND = "not_found"
CONFLICT = "conflict"
DUPLICATE = "duplicate_transaction"
STALE = "stale"
ACCESS_DENIED = "access_denied"
BAD_REQUEST = "bad_request"

_QUOTA = re.compile(r"throttl|quota|limit|toomany|serverbusy", re.IGNORECASE)
_HANDSHAKE = re.compile(r"validation request (failed|timed out)|notification ?url", re.IGNORECASE)
_SAFE_CODE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?", re.ASCII)

_CHECK_CLIENT = "Check MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET."
_CHECK_ADDRESS = "Check WEBHOOK_BASE_URL: it must be https and reachable from the internet."


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: type[ProviderError]
    code: str | None = None  # None: Microsoft's own code
    advice: str = ""


_RECONNECT = _Meaning(Reauthorize, advice="The person must reconnect the account.")
_QUOTA_USED_UP = _Meaning(QuotaExceeded)
_UNAVAILABLE = _Meaning(Retry, PROVIDER_UNAVAILABLE)
_MISCONFIGURED = _Meaning(GiveUp, advice=_CHECK_CLIENT)
_CURSOR_DIED = _Meaning(ResyncFully)
_CHANGED_MEANWHILE = _Meaning(Stale, STALE)
_ADDRESS_REFUSED = _Meaning(Retry, WEBHOOK_URL_REFUSED, _CHECK_ADDRESS)

# The spelling of these varies, so they are compared in lower case.
_BY_CODE: Mapping[str, _Meaning] = {
    "syncstatenotfound": _CURSOR_DIED,
    "syncstateinvalid": _CURSOR_DIED,
    "resyncrequired": _CURSOR_DIED,
    "authorization_requestdenied": _RECONNECT,
    "errorirresolvableconflict": _CHANGED_MEANWHILE,
    # Some tell it with 400, some with 409.
    "errorduplicatetransactionid": _Meaning(Retry, DUPLICATE),
    # The token endpoint (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6).
    "invalid_grant": _RECONNECT,
    "interaction_required": _RECONNECT,
    "consent_required": _RECONNECT,
    "login_required": _RECONNECT,
    "invalid_client": _MISCONFIGURED,
    "unauthorized_client": _MISCONFIGURED,
    "invalid_resource": _MISCONFIGURED,
    "temporarily_unavailable": _UNAVAILABLE,
    "server_error": _UNAVAILABLE,
}
_BY_STATUS: Mapping[int, _Meaning] = {
    400: _Meaning(GiveUp, BAD_REQUEST),
    401: _RECONNECT,
    403: _Meaning(GiveUp, ACCESS_DENIED),
    404: _Meaning(Retry, NOT_FOUND),  # what is new may not have reached every replica yet
    408: _UNAVAILABLE,
    409: _Meaning(Retry, CONFLICT),
    410: _CURSOR_DIED,
    412: _CHANGED_MEANWHILE,
    429: _QUOTA_USED_UP,
}
# What an address with a delta token may be answered that says nothing about the token.
_NOT_ABOUT_TOKENS = frozenset({401, 403, 408, 429})


def refusal(
    status: int,
    headers: Mapping[str, str],
    body: bytes | Mapping[str, Any],
    doing: str,
    *,
    has_token: bool = False,
) -> ProviderError:
    """What follows from an answer of Graph or the token endpoint that is no success.

    `headers` have lower-case names (or are httpx's), `body` may be parsed already, `has_token`:
    the request carried a delta or skip token, which any 40x may mean to be dead. Neither message
    nor code holds anything that Microsoft wrote but its code: its messages quote addresses and
    ids. Sources: graph/errors, throttling, delta-query-overview, reference-error-codes.
    """
    error = _error_object(body)
    code = _code(error) or f"http_{status}"
    meaning = _meaning(status, code, str(error.get("message")), has_token)
    message = f"{doing}: Microsoft answered {status} {code}. {meaning.advice}".rstrip()
    return meaning.error(
        message,
        code=code if meaning.code is None else meaning.code,
        retry_after=_retry_after(headers),
    )


def network_failure(failure: httpx.RequestError, doing: str) -> Retry:
    """For a connection that broke, or never was."""
    kind = type(failure).__name__
    return Retry(f"{doing}: the connection to Microsoft failed ({kind}).", code=NETWORK)


def unexpected_answer(doing: str) -> Retry:
    """For an answer that is none of Microsoft's: a proxy's page, half a body."""
    return Retry(f"{doing}: the answer is not what Microsoft documents.", code=UNEXPECTED_ANSWER)


def _meaning(status: int, code: str, text: str, has_token: bool) -> _Meaning:
    known = _BY_CODE.get(code.partition(":")[0].lower())
    if known is not None:
        return known
    if status == 429 or (status == 403 and (_QUOTA.search(code) or _QUOTA.search(text))):
        return _QUOTA_USED_UP
    if status == 400 and _HANDSHAKE.search(text):
        return _ADDRESS_REFUSED
    if has_token and 400 <= status < 500 and status not in _NOT_ABOUT_TOKENS:
        return _CURSOR_DIED
    if status >= 500 or 300 <= status < 400:
        return _UNAVAILABLE
    return _BY_STATUS.get(status, _Meaning(GiveUp))


def _error_object(body: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """Graph's `error` object, or the token endpoint's whole answer; empty if it is neither."""
    answer: object = body
    if isinstance(body, bytes):
        try:
            answer = json.loads(body)
        except ValueError:
            return {}
    if not isinstance(answer, Mapping):
        return {}
    error = answer.get("error")
    return error if isinstance(error, Mapping) else answer


def _code(error: Mapping[str, Any]) -> str | None:
    """Graph's code; of the token endpoint its error, with the AADSTS number that tells why."""
    for code in (error.get("code"), error.get("error")):
        if isinstance(code, str) and _SAFE_CODE.fullmatch(code):
            numbers = error.get("error_codes")
            number = numbers[0] if isinstance(numbers, list) and numbers else None
            return f"{code}:AADSTS{number}" if isinstance(number, int) else code
    return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, possibly fractional. A date is measured against the answer's own clock."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(wait.total_seconds(), 0.0)
