"""Google's error envelope and every refusal the emulator knows (guides/errors)."""

from emulator.common.json_types import Json

GRPC_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
}


class ApiError(Exception):
    """An answer of the Calendar API that is not a success."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location_type: str | None = None,
        location: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.location_type = location_type
        self.location = location
        self.headers = headers or {}

    def envelope(self) -> Json:
        """The JSON body: `{"error": {"errors": [...], "code", "message"}}`."""
        detail = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location_type is not None and self.location is not None:
            detail |= {"locationType": self.location_type, "location": self.location}
        error: Json = {"errors": [detail], "code": self.status, "message": self.message}
        if self.status in (401, 429) or self.reason == "insufficientPermissions":
            error["status"] = GRPC_STATUS[self.status]
        return {"error": error}


def bad_parameter(name: str, message: str, reason: str = "invalidParameter") -> ApiError:
    """400 for a query parameter."""
    return ApiError(400, reason, message, location_type="parameter", location=name)


def invalid(message: str, reason: str = "invalid") -> ApiError:
    """400 for a body that breaks a rule."""
    return ApiError(400, reason, message)


def required(message: str) -> ApiError:
    """400 for a body that lacks something."""
    return ApiError(400, "required", message)


def not_found() -> ApiError:
    """404: it never existed, or the caller may not know that it does."""
    return ApiError(404, "notFound", "Not Found")


def duplicate() -> ApiError:
    """409: the id is taken, also by a deleted event."""
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def already_deleted() -> ApiError:
    """410 on the second DELETE of one event."""
    return ApiError(410, "deleted", "Resource has been deleted")


def condition_not_met() -> ApiError:
    """412: If-Match named another version."""
    return ApiError(
        412,
        "conditionNotMet",
        "Precondition Failed",
        location_type="header",
        location="If-Match",
    )


def full_sync_required() -> ApiError:
    """410: the sync token is dead."""
    return ApiError(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        domain="calendar",
        location_type="parameter",
        location="syncToken",
    )


def updated_min_too_long_ago() -> ApiError:
    """410: `updatedMin` reaches further back than deletions are remembered."""
    return ApiError(
        410,
        "updatedMinTooLongAgo",
        "The requested minimum modification time lies too far in the past.",
        domain="calendar",
        location_type="parameter",
        location="updatedMin",
    )


def unauthenticated() -> ApiError:
    """401: no access token, an expired one, or a revoked one."""
    return ApiError(
        401,
        "authError",
        "Invalid Credentials",
        location_type="header",
        location="Authorization",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )


def insufficient_scope() -> ApiError:
    """403: the person granted less than this method needs."""
    return ApiError(
        403, "insufficientPermissions", "Request had insufficient authentication scopes."
    )


def needs_writer() -> ApiError:
    """403: the calendar is shared for reading only."""
    return ApiError(
        403,
        "requiredAccessLevel",
        "You need to have writer access to this calendar.",
        domain="calendar",
    )


def not_the_organizer() -> ApiError:
    """403: a guest tried to change what belongs to everybody."""
    return ApiError(
        403,
        "forbiddenForNonOrganizer",
        "Shared properties can only be changed by the organizer of the event.",
        domain="calendar",
    )


QUOTA_MESSAGES = {
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "rateLimitExceeded": "Rate Limit Exceeded",
    "quotaExceeded": "Calendar usage limits exceeded.",
}


def quota(status: int, reason: str) -> ApiError:
    """403 or 429 of the usage limits."""
    message = QUOTA_MESSAGES.get(reason, "Rate Limit Exceeded")
    return ApiError(status, reason, message, domain="usageLimits")
