"""Claim writes: lease what the outbox holds, calendar by calendar."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from shared.db.rows import WriteClaim, call_for
from shared.steps.service import Service


@dataclass(frozen=True, slots=True)
class Delivery:
    """Writes of one calendar, delivered over one session; at least one."""

    writes: tuple[WriteClaim, ...]

    @property
    def target(self) -> WriteClaim:
        """Any of the writes: they have account and calendar in common."""
        return self.writes[0]


def claim_writes(service: Service, limit: int, user_id: UUID | None = None) -> list[Delivery]:
    """Gives the due writes of up to `limit` calendars, leased to this worker."""
    settings = service.settings
    claims = call_for(
        service.database,
        WriteClaim,
        "claim_provider_writes",
        worker=service.worker,
        limit=limit,
        batch=settings.write_batch,
        lease_seconds=settings.lease_seconds,
        per_account=settings.leases_per_account,
        calls_per_minute=settings.calls_per_minute,
        user_id=user_id,
    )
    return [
        Delivery(tuple(writes)) for _, writes in groupby(claims, lambda claim: claim.calendar_id)
    ]
