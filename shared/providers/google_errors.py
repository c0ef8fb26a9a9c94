"""The one place where Google's answers and a broken network become errors the steps can act on."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import httplib2
import httpx
from google.auth.exceptions import GoogleAuthError, TransportError
from googleapiclient.errors import HttpError

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, ResyncFully, Retry

NETWORK = "network"
PROVIDER_UNAVAILABLE = "provider_unavailable"
UNEXPECTED_ANSWER = "unexpected_answer"
WEBHOOK_URL_REFUSED = "webhook_url_refused"
NOT_FOUND = "not_found"
FORBIDDEN = "forbidden"

_NETWORK_FAILURES = (
    TransportError,
    httplib2.HttpLib2Error,
    httpx.RequestError,
    HTTPException,
    OSError,  # sockets, TLS, timeouts
)
FAILURES: tuple[type[Exception], ...] = (
    *_NETWORK_FAILURES,
    HttpError,
    GoogleAuthError,
    json.JSONDecodeError,
    UnicodeDecodeError,
)
"""What a call of Google's libraries may raise about the outside world."""

# Google keeps adding kinds of limits: rateLimitExceeded, calendarUsageLimitsExceeded, …
_QUOTA = re.compile(r"(limits?|quota)_?exceeded", re.IGNORECASE)
_SAFE_REASON = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?", re.ASCII)

_CHECK_CLIENT = "Check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."
_CHECK_ADDRESS = "Check WEBHOOK_BASE_URL: it must be https and reachable from the internet."


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: type[ProviderError]
    code: str | None = None  # None: Google's own reason
    advice: str = ""


_RECONNECT = _Meaning(Reauthorize, advice="The person must reconnect the account.")
_QUOTA_USED_UP = _Meaning(QuotaExceeded)
_MISCONFIGURED = _Meaning(GiveUp, advice=_CHECK_CLIENT)
_ADDRESS_REFUSED = _Meaning(Retry, WEBHOOK_URL_REFUSED, _CHECK_ADDRESS)

_BY_REASON: Mapping[str, _Meaning] = {
    "RESOURCE_EXHAUSTED": _QUOTA_USED_UP,
    "insufficientPermissions": _RECONNECT,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _RECONNECT,
    "admin_policy_enforced": _RECONNECT,
    "invalid_rapt": _RECONNECT,
    "rapt_required": _RECONNECT,
    "invalid_grant": _RECONNECT,
    # Refused because of us, not of the person: every account would be asked to reconnect in vain.
    "invalid_client": _MISCONFIGURED,
    "unauthorized_client": _MISCONFIGURED,
    "deleted_client": _MISCONFIGURED,
    "disabled_client": _MISCONFIGURED,
    "redirect_uri_mismatch": _Meaning(GiveUp, advice="Check GOOGLE_REDIRECT_URI."),
    "fullSyncRequired": _Meaning(ResyncFully),
    "updatedMinTooLongAgo": _Meaning(ResyncFully),
    "deleted": _Meaning(GiveUp),
    "syncTokenWithRequestRestrictions": _Meaning(GiveUp),
    "requiredAccessLevel": _Meaning(GiveUp, FORBIDDEN, "The calendar may only be read."),
    "channelIdNotUnique": _Meaning(Retry),  # the next attempt proposes another id
    "push.webhookUrlNotHttps": _ADDRESS_REFUSED,
    "push.webhookUrlUnauthorized": _ADDRESS_REFUSED,
    "webhookUrlNotHttps": _ADDRESS_REFUSED,
    "webhookUrlUnauthorized": _ADDRESS_REFUSED,
}
_BY_STATUS: Mapping[int, _Meaning] = {
    401: _RECONNECT,
    404: _Meaning(Retry, NOT_FOUND),  # what is new may not have reached every replica yet
    408: _Meaning(Retry, PROVIDER_UNAVAILABLE),
    410: _Meaning(ResyncFully),
    429: _QUOTA_USED_UP,
}


def provider_error(failure: Exception, doing: str) -> ProviderError:
    """What follows from one of `FAILURES`; `doing` names the call, without personal content.

    Neither message nor code holds anything that Google wrote but its reason: its messages quote
    addresses and calendar ids.
    """
    if isinstance(failure, HttpError):
        return refusal(failure.resp.status, failure.resp, failure.content, doing)
    if isinstance(failure, _NETWORK_FAILURES):
        kind = type(failure).__name__
        return Retry(f"{doing}: the connection to Google failed ({kind}).", code=NETWORK)
    return unexpected_answer(doing)


def unexpected_answer(doing: str) -> Retry:
    """For an answer that is none of Google's: a proxy's page, half a body."""
    return Retry(f"{doing}: the answer is not what Google documents.", code=UNEXPECTED_ANSWER)


def refusal(status: int, headers: Mapping[str, str], body: bytes, doing: str) -> ProviderError:
    """What follows from an answer of the Calendar API or the token endpoint that is no success.

    `headers` have lower-case names. Sources: Calendar guides/errors and guides/push,
    identity/protocols/oauth2, RFC 6749 section 5.2.
    """
    error = _error_object(body)
    reasons = list(_reasons(error))
    meaning = _meaning(status, error, reasons)
    reason = reasons[0] if reasons else f"http_{status}"
    message = f"{doing}: Google answered {status} {reason}. {meaning.advice}".rstrip()
    return meaning.error(
        message,
        code=reason if meaning.code is None else meaning.code,
        retry_after=_retry_after(headers),
    )


def _meaning(status: int, error: Mapping[str, Any], reasons: list[str]) -> _Meaning:
    for reason in reasons:
        if _QUOTA.search(reason):
            return _QUOTA_USED_UP
        if reason in _BY_REASON:
            return _BY_REASON[reason]
    if status == 400 and _names_dead_token(error):
        return _Meaning(ResyncFully)
    if status >= 500 or 300 <= status < 400:
        return _Meaning(Retry, PROVIDER_UNAVAILABLE)
    return _BY_STATUS.get(status, _Meaning(GiveUp))


def _error_object(body: bytes) -> Mapping[str, Any]:
    """The API's `error` object, or the token endpoint's whole answer; empty if it is neither."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(answer, dict):
        return {}
    error = answer.get("error")
    return error if isinstance(error, dict) else answer


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    """Everything that names the cause, the most telling first."""
    named = [part.get("reason") for part in (*_parts(error, "errors"), *_parts(error, "details"))]
    for reason in (*named, error.get("error_subtype"), error.get("error"), error.get("status")):
        if isinstance(reason, str) and _SAFE_REASON.fullmatch(reason):
            yield reason


def _parts(error: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = error.get(name)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _names_dead_token(error: Mapping[str, Any]) -> bool:
    return any(
        part.get("location") in ("syncToken", "pageToken") for part in _parts(error, "errors")
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds (RFC 9110 section 10.2.3). A date is measured against the answer's own clock."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(wait.total_seconds(), 0.0)
