"""Disconnect: stop an account's channels, have its busy blocks removed, then give access back."""

from uuid import UUID

import structlog

from shared.db.rows import DisconnectionClaim, call_for
from shared.decide.plan_retry import plan_retry
from shared.errors import CalSyncError, ProviderError
from shared.states import AccountStatus, Failure
from shared.steps.give_back import give_back
from shared.steps.service import Service
from shared.steps.stop_subscriptions import stop_due

log = structlog.get_logger()

ATTEMPTS = 6
"""So often (over a quarter of an hour) a provider is asked to take access back."""


def disconnect_account(
    service: Service,
    user_id: UUID,
    account_id: UUID,
    actor: str = "cli",
    request_id: str | None = None,
) -> AccountStatus:
    """Disconnects an account as far as that goes at once; upkeep does the rest, whatever crashes.

    Gives `DISCONNECTED`, or `DISCONNECTING` while something is left to do. Asked again, it goes
    on. Raises `NotFound` for an account that the person does not have.
    """
    service.database.call(
        "disconnect_account",
        user_id=user_id,
        account_id=account_id,
        actor=actor,
        request_id=request_id,
    )
    stop_due(service, limit=50, account_id=account_id)
    disconnect_due(service, limit=1, account_id=account_id)
    (row,) = service.database.read("calendar_accounts", where={"id": account_id})
    return AccountStatus(row["status"])


def disconnect_due(service: Service, limit: int, account_id: UUID | None = None) -> int:
    """Goes on with up to `limit` accounts that are being disconnected; gives how many ended."""
    claims = call_for(
        service.database,
        DisconnectionClaim,
        "claim_due_disconnections",
        limit=limit,
        account_id=account_id,
    )
    return sum(_give_back(service, claim) for claim in claims)


def _give_back(service: Service, claim: DisconnectionClaim) -> bool:
    try:
        outcome = _given_back(service, claim)
    except CalSyncError as error:
        log.warning("revocation_failed", account_id=str(claim.account_id), error=str(error))
        attempt = claim.attempts + 1
        if attempt < ATTEMPTS:
            _postpone(service, claim, attempt, error)
            return False
        outcome = "unreachable"
    service.database.call(
        "settle_disconnection",
        user_id=claim.user_id,
        account_id=claim.account_id,
        outcome=outcome,
    )
    return True


def _given_back(service: Service, claim: DisconnectionClaim) -> str:
    if claim.sealed is None:
        return "no_credentials"
    credentials = service.sealer.open(claim.sealed)
    return "revoked" if give_back(service, claim.provider, credentials) else "not_revocable"


def _postpone(
    service: Service, claim: DisconnectionClaim, attempt: int, error: CalSyncError
) -> None:
    told = error.retry_after if isinstance(error, ProviderError) else None
    plan = plan_retry(Failure.RETRY, attempt, told, service.jitter())
    service.database.call(
        "postpone_disconnection",
        user_id=claim.user_id,
        account_id=claim.account_id,
        delay_seconds=plan.delay_seconds,
    )
