"""Graph's words for the answer of a `status` fault."""

from emulator.common.faults import Fault

from .errors import GraphError

STATUS_CODES = {
    400: ("ErrorInvalidRequest", "The request is invalid."),
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    409: ("Conflict", "Conflict"),
    410: ("SyncStateNotFound", "The sync state generation is not found; resync is required."),
    412: ("ErrorIrresolvableConflict", "The change key does not match."),
    423: ("ErrorMailboxStoreUnavailable", "The mailbox is locked."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    500: ("ErrorInternalServerError", "An internal server error occurred."),
    502: ("UnknownError", "Bad Gateway"),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway timed out."),
}


def fault_error(fault: Fault) -> GraphError:
    """The answer of a `status` fault: `{status, code, message, retry_after, headers}`."""
    status = int(fault.options.get("status", 503))
    code, message = STATUS_CODES.get(status, ("UnknownError", ""))
    headers = {str(name): str(value) for name, value in fault.options.get("headers", {}).items()}
    if fault.options.get("retry_after") is not None:
        headers["Retry-After"] = str(fault.options["retry_after"])
    return GraphError(
        status,
        fault.options.get("code", code),
        fault.options.get("message", message),
        headers=headers,
    )
