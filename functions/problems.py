"""Errors as RFC 9457 problem documents: what is wrong, and what to do."""

from flask import Response, jsonify

from shared.errors import (
    CalSyncError,
    DatabaseUnavailable,
    Forbidden,
    InvalidRequest,
    Refused,
    Unauthorized,
)

STATUS_OF: dict[type[CalSyncError], int] = {
    InvalidRequest: 400,
    Unauthorized: 401,
    Forbidden: 403,
    Refused: 409,
    DatabaseUnavailable: 503,
}


def problem(status: int, code: str, detail: str) -> Response:
    """Gives a problem document (application/problem+json) with a stable `code`."""
    response = jsonify(type=f"urn:calsync:{code}", title=code, status=status, detail=detail)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def problem_of(error: CalSyncError) -> Response:
    """Gives the answer for one of our own errors."""
    status = STATUS_OF.get(type(error), 500)
    code = "".join("_" + c.lower() if c.isupper() else c for c in type(error).__name__).lstrip("_")
    detail = str(error) if status < 500 else (type(error).__doc__ or "").strip()
    return problem(status, code, detail)
