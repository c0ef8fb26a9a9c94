"""Verify, for a person: each of their synced calendars, within a time budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.clock import elapsed
from shared.decide.diff_mirror import Drift
from shared.errors import NotFound, ProviderError
from shared.steps.service import Service
from shared.steps.verify import verify

NOT_REACHED = "out_of_time"
NO_DRIFT = Drift()


@dataclass(frozen=True, slots=True)
class Checked:
    """What differs in a calendar; `error` says why it was not compared."""

    calendar_id: UUID
    compared: int
    drift: Drift
    error: str | None = None


def verify_calendars(
    service: Service, user_id: UUID, calendar_id: UUID | None, audit: Mapping[str, str]
) -> list[Checked]:
    """Compares a person's calendars, or one, until CRON_BUDGET_SECONDS are over.

    Raises `NotFound` for a calendar that they do not have or that is not synced.
    """
    where = {"user_id": user_id} | ({"calendar_id": calendar_id} if calendar_id else {})
    rows = service.database.read("calendars_to_verify", where=where, order=("verified_at",))
    if calendar_id is not None and not rows:
        raise NotFound(f"calendar {calendar_id} does not exist, or is not synced")
    subject = str(calendar_id or "all")
    service.database.call(
        "write_audit", user_id=user_id, action="calendars.verified", subject=subject, **audit
    )
    deadline = elapsed() + service.settings.cron_budget_seconds
    return [_checked(service, UUID(str(row["calendar_id"])), deadline) for row in rows]


def _checked(service: Service, calendar_id: UUID, deadline: float) -> Checked:
    if elapsed() > deadline:
        return Checked(calendar_id, 0, NO_DRIFT, NOT_REACHED)
    try:
        found = verify(service, calendar_id)
    except ProviderError as error:
        return Checked(calendar_id, 0, NO_DRIFT, error.code or error.failure.value)
    return Checked(calendar_id, found.compared, found.drift)
