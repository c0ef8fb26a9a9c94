"""Claim: lease calendars that are due."""

from uuid import UUID

from shared.db.rows import Claim, call_for
from shared.steps.service import Service


def claim_calendars(
    service: Service, limit: int, user_id: UUID | None = None, calendar_id: UUID | None = None
) -> list[Claim]:
    """Gives up to `limit` due calendars, leased to this worker; fewer if others were faster."""
    return call_for(
        service.database,
        Claim,
        "claim_due_calendars",
        worker=service.worker,
        limit=limit,
        lease_seconds=service.settings.lease_seconds,
        per_account=service.settings.leases_per_account,
        calls_per_minute=service.settings.calls_per_minute,
        user_id=user_id,
        calendar_id=calendar_id,
    )
