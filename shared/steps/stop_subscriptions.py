"""Stop: end retiring webhook subscriptions at the provider, so that none leaks."""

from uuid import UUID

import structlog

from shared.db.rows import StopClaim, call_for
from shared.decide.plan_retry import plan_retry
from shared.errors import ProviderError
from shared.steps.service import Service, account_of, signed_in

log = structlog.get_logger()


def stop_due(service: Service, limit: int, account_id: UUID | None = None) -> int:
    """Stops up to `limit` retiring subscriptions that are due; gives how many ended."""
    claims = call_for(
        service.database, StopClaim, "claim_due_stops", limit=limit, account_id=account_id
    )
    return sum(_stop(service, claim) for claim in claims)


def _stop(service: Service, claim: StopClaim) -> bool:
    try:
        with signed_in(service, account_of(claim)) as session:
            session.stop(claim.channel_id, claim.resource_id)
    except ProviderError as error:
        plan = plan_retry(
            error.failure, claim.stop_attempts + 1, error.retry_after, service.jitter()
        )
        log.warning("stop_failed", channel_id=claim.channel_id, code=error.code)
        service.database.call(
            "postpone_stop",
            user_id=claim.user_id,
            id=claim.id,
            delay_seconds=plan.delay_seconds,
            error_code=error.code or error.failure.value,
            failure=error.failure.value,
        )
        return False
    service.database.call("settle_stopped_subscription", user_id=claim.user_id, id=claim.id)
    return True
