"""Discover: read the calendar lists of accounts, so that new calendars are synced by themselves."""

from uuid import UUID

import structlog

from shared.db.rows import AccountClaim, Discovered, call_for
from shared.decide.plan_retry import plan_retry
from shared.errors import ProviderError
from shared.providers.base import ListedCalendar
from shared.steps.service import Service, account_of, signed_in

log = structlog.get_logger()

INTERVAL_SECONDS = 6 * 3600


def discover_due(service: Service, limit: int, user_id: UUID | None = None) -> list[Discovered]:
    """Reads the lists of up to `limit` accounts that are due; gives what was found in each."""
    claims = call_for(
        service.database, AccountClaim, "claim_due_accounts", limit=limit, user_id=user_id
    )
    return [found for found in (_discover(service, claim) for claim in claims) if found]


def _discover(service: Service, claim: AccountClaim) -> Discovered | None:
    try:
        with signed_in(service, account_of(claim)) as session:
            calendars = session.list_calendars()
    except ProviderError as error:
        plan = plan_retry(error.failure, 4, error.retry_after, service.jitter())
        log.warning("discovery_failed", account_id=str(claim.account_id), code=error.code)
        service.database.call(
            "fail_discovery",
            user_id=claim.user_id,
            account_id=claim.account_id,
            failure=error.failure.value,
            delay_seconds=plan.delay_seconds,
            error_code=error.code or error.failure.value,
        )
        return None
    (found,) = call_for(
        service.database,
        Discovered,
        "settle_discovery",
        user_id=claim.user_id,
        account_id=claim.account_id,
        calendars=[_row(calendar) for calendar in calendars],
        next_seconds=INTERVAL_SECONDS * (0.75 + service.jitter() / 2),
    )
    return found


def _row(calendar: ListedCalendar) -> dict[str, object]:
    return {
        "provider_calendar_id": calendar.provider_calendar_id,
        "name": calendar.name,
        "time_zone": calendar.time_zone,
        "access_role": calendar.access_role,
        "is_primary": calendar.is_primary,
    }
