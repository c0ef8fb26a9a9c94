"""What an error of the database means to its caller, the same over both transports."""

from shared.errors import (
    AccountBusy,
    AccountTaken,
    CalSyncError,
    DatabaseUnavailable,
    LeaseLost,
    NotFound,
    Refused,
)

_OWN: dict[str, type[CalSyncError]] = {
    "CS001": LeaseLost,
    "CS002": NotFound,
    "CS004": AccountTaken,
    "CS005": AccountBusy,
}
# SQLSTATE classes: the connection broke, resources ran out, the server is going down; and PostgREST
# without a database (docs.postgrest.org, "Errors", group 0).
_OUTAGES = ("08", "53", "57P", "PGRST000", "PGRST001", "PGRST002", "PGRST003")


def refusal(code: str | None, message: str) -> CalSyncError:
    """The error to raise for an SQLSTATE (or a code of PostgREST) and the database's message."""
    if code in _OWN:
        return _OWN[code](message)
    if code is not None and code.startswith(_OUTAGES):
        return DatabaseUnavailable(f"The database cannot serve now: {code}: {message}")
    return Refused(f"{code}: {message}" if code else message)
