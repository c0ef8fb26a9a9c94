"""Google's words for the answer of a `status` fault."""

from emulator.common.faults import Fault

from .errors import ApiError

DEFAULT_REASONS = {
    400: ("badRequest", "Bad Request", "global"),
    401: ("authError", "Invalid Credentials", "global"),
    403: ("rateLimitExceeded", "Rate Limit Exceeded", "usageLimits"),
    404: ("notFound", "Not Found", "global"),
    409: ("conflict", "Conflict", "global"),
    410: (
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        "calendar",
    ),
    412: ("conditionNotMet", "Precondition Failed", "global"),
    429: ("rateLimitExceeded", "Rate Limit Exceeded", "usageLimits"),
}
USAGE_REASONS = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"})


def fault_error(fault: Fault) -> ApiError:
    """The answer of a `status` fault: `{status, reason, message, domain, retry_after}`."""
    status = int(fault.options.get("status", 503))
    reason, message, domain = DEFAULT_REASONS.get(
        status, ("backendError", "Backend Error", "global")
    )
    reason = fault.options.get("reason", reason)
    if reason in USAGE_REASONS:
        domain = "usageLimits"
    error = ApiError(
        status,
        reason,
        fault.options.get("message", message),
        domain=fault.options.get("domain", domain),
    )
    if reason == "fullSyncRequired":
        error.location_type, error.location = "parameter", "syncToken"
    if fault.options.get("retry_after") is not None:
        error.headers["Retry-After"] = str(fault.options["retry_after"])
    return error
