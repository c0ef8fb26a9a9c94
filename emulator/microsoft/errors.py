"""Graph's error envelope and the refusals the emulator knows (graph/errors)."""

import uuid
from datetime import UTC, datetime

from emulator.common.json_types import Json


class GraphError(Exception):
    """An answer of Graph that is not a success."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def envelope(self, now: datetime, client_request_id: str | None) -> Json:
        """`{"error": {"code", "message", "innerError": {date, request-id, client-request-id}}}`."""
        request_id = str(uuid.uuid4())
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id or request_id,
                },
            }
        }


def bad_request(message: str, code: str = "ErrorInvalidRequest") -> GraphError:
    """400 for a request that breaks a rule."""
    return GraphError(400, code, message)


def bad_property(message: str) -> GraphError:
    """400 for a property of an event."""
    return GraphError(400, "ErrorPropertyValidationFailure", message)


def bad_query(message: str) -> GraphError:
    """400 for a query option that does not exist or is not supported here."""
    return GraphError(400, "ErrorInvalidUrlQuery", message)


def no_such_item() -> GraphError:
    """404: never there, deleted, moved under its old id, or not the caller's."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def no_such_resource(what: str) -> GraphError:
    """404 outside the mailbox: subscriptions, unknown addresses."""
    return GraphError(404, "ResourceNotFound", what)


def stale() -> GraphError:
    """412: If-Match named another version."""
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the "
        "request does not match the current change key for the item.",
    )


def unauthenticated(code: str, message: str) -> GraphError:
    """401 with the header that says how to authenticate."""
    challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/"'
    return GraphError(401, code, message, headers={"WWW-Authenticate": challenge})


def denied() -> GraphError:
    """403: the token's scopes, or somebody else's mailbox."""
    return GraphError(
        403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    )


def throttled(retry_after: str | None, limit: str) -> GraphError:
    """429 with Graph's words; Retry-After may be fractional or absent."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return GraphError(
        429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers=headers
    )


def sync_state_gone(code: str) -> GraphError:
    """410: this delta token is dead, begin a new round."""
    return GraphError(410, code, "The sync state generation is not found; resync is required.")
