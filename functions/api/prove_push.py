"""POST webhook/test/{user_id}: does push work, and how fast? Tried with an event."""

from dataclasses import asdict
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Output
from functions.api.whose import CalendarsOfPerson
from shared.steps.prove_push import prove_push


class Tried(Output):
    """Seconds from the request to each station; null: not within half a minute.

    `passed`: created, told of where push is expected, mirrored, and cleaned up.
    """

    passed: bool
    calendar_id: UUID
    push_expected: bool
    created_seconds: float | None
    notified_seconds: float | None
    mirrored_seconds: float | None
    cleaned_up: bool
    error: str | None


def prove(call: Call, given: CalendarsOfPerson) -> Tried:
    """An event is made at the provider, awaited in the mirror, and removed whatever happens."""
    proof = prove_push(call.service, call.user_id, given.calendar_id, call.audit)
    return Tried(passed=proof.passed, **asdict(proof))


_PATH = "webhook/test/{user_id}"

ENDPOINTS = (
    Endpoint(
        "POST",
        _PATH,
        "Try push with an event",
        CalendarsOfPerson,
        Tried,
        prove,
        creates=True,
        refuses=True,
    ),
)
