"""Refusals of the token endpoint with AADSTS codes (identity-platform/reference-error-codes)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from emulator.common.json_types import Json


@dataclass(frozen=True)
class Reason:
    """How one AADSTS code looks on the wire."""

    error: str
    message: str
    status: int = 400
    suberror: str | None = None


REASONS = {
    50011: Reason("invalid_request", "The redirect URI does not match those of the application."),
    50076: Reason(
        "interaction_required",
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must use multi-factor authentication to access the resource.",
        suberror="basic_action",
    ),
    50079: Reason(
        "interaction_required",
        "The user is required to use multi-factor authentication.",
        suberror="basic_action",
    ),
    50173: Reason(
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
        "The user might have changed or reset their password.",
        suberror="bad_token",
    ),
    54005: Reason("invalid_grant", "OAuth2 Authorization code was already redeemed."),
    65001: Reason(
        "invalid_grant",
        "The user or administrator has not consented to use the application.",
        suberror="consent_required",
    ),
    65004: Reason("access_denied", "User declined to consent to access the app."),
    70000: Reason("invalid_grant", "Provided grant is invalid or malformed.", suberror="bad_token"),
    70003: Reason("unsupported_grant_type", "The app returned an unsupported grant type."),
    70008: Reason("invalid_grant", "The provided authorization code or refresh token has expired."),
    90014: Reason("invalid_request", "The required field is missing from the request."),
    500112: Reason(
        "invalid_grant", "The reply address does not match the one of the authorization request."
    ),
    501481: Reason(
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge of the authorization request.",
    ),
    700016: Reason("unauthorized_client", "Application was not found in the directory."),
    700082: Reason(
        "invalid_grant",
        "The refresh token has expired due to inactivity.",
        suberror="bad_token",
    ),
    7000215: Reason("invalid_client", "Invalid client secret provided.", 401),
    7000218: Reason(
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or "
        "'client_secret'.",
        401,
    ),
}


class IdentityError(ValueError):
    """A refusal of the identity platform, by its number in `REASONS`."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.reason = REASONS[code]
        super().__init__(f"AADSTS{code}: {self.reason.message}")

    def body(self, now: datetime) -> Json:
        """The JSON answer of the token endpoint."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        body: Json = {
            "error": self.reason.error,
            "error_description": (
                f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
            ),
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }
        return body | ({"suberror": self.reason.suberror} if self.reason.suberror else {})
