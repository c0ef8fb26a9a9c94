"""Errors as RFC 9457 problem documents: what is wrong, and what to do."""

from typing import Any

from flask import Response, jsonify

from shared.errors import (
    AccountBusy,
    AccountTaken,
    Busy,
    CalSyncError,
    DatabaseUnavailable,
    Forbidden,
    InvalidRequest,
    KeyReused,
    KeysUnavailable,
    NotFound,
    PartialConsent,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Reauthorize,
    Refused,
    Retry,
    SignInUnavailable,
    Unauthorized,
)

MEDIA_TYPE = "application/problem+json"

STATUS_OF: dict[type[CalSyncError], int] = {
    InvalidRequest: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Refused: 409,
    AccountBusy: 409,
    AccountTaken: 409,
    PartialConsent: 400,
    Busy: 409,
    Reauthorize: 409,
    KeyReused: 422,
    RateLimited: 429,
    Retry: 503,
    QuotaExceeded: 503,
    DatabaseUnavailable: 503,
    KeysUnavailable: 503,
    SignInUnavailable: 503,
}


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """Gives a problem document (application/problem+json) with a stable `code`."""
    document = {"type": f"urn:calsync:{code}", "title": code, "status": status, "code": code}
    response = jsonify(document | {"detail": detail} | more)
    response.status_code = status
    response.content_type = MEDIA_TYPE
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="calsync"'
    return response


def problem_of(error: CalSyncError) -> Response:
    """Gives the answer for one of our own errors."""
    more: dict[str, Any] = {}
    if isinstance(error, InvalidRequest) and error.errors:
        more["errors"] = error.errors
    response = problem(status_of(error), code_of(type(error)), detail_of(error), **more)
    if isinstance(error, RateLimited | ProviderError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def status_of(error: CalSyncError) -> int:
    """Gives the HTTP status of one of our own errors."""
    return STATUS_OF.get(type(error), 500)


def detail_of(error: CalSyncError) -> str:
    """Gives what is told of it; what a provider or a failing database says is for the log."""
    is_ours = status_of(error) < 500 and not isinstance(error, ProviderError)
    return str(error) if is_ours else (type(error).__doc__ or "").strip()


def code_of(kind: type[CalSyncError]) -> str:
    """Gives the stable code of a kind of error: InvalidRequest is `invalid_request`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")
