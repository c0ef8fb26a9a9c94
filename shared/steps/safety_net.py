"""The daily safety net: verify calendars one after the other, and repair those that drifted."""

from uuid import UUID

import structlog

from shared.errors import ProviderError
from shared.steps.service import Service
from shared.steps.verify import Verification, verify

log = structlog.get_logger()


def verify_oldest(service: Service, limit: int) -> list[Verification]:
    """Verifies up to `limit` calendars whose last verification is a day old, the oldest first.

    One that drifted is read completely by its next sync, which is due at once.
    """
    rows = service.database.read(
        "calendars_to_verify", where={"is_due": True}, order=("verified_at",), limit=limit
    )
    found = [_verify(service, UUID(row["user_id"]), UUID(row["calendar_id"])) for row in rows]
    return [verification for verification in found if verification is not None]


def _verify(service: Service, user_id: UUID, calendar_id: UUID) -> Verification | None:
    try:
        found = verify(service, calendar_id)
    except ProviderError as error:
        log.warning("verification_failed", calendar_id=str(calendar_id), code=error.code)
        return None
    if found.drift.count:
        log.warning("drift", calendar_id=str(calendar_id), events=found.drift.count)
        service.database.call(
            "reset_calendar", user_id=user_id, calendar_id=calendar_id, reason="repair"
        )
    return found
