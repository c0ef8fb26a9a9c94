"""Deliver writes: bring what the outbox holds to its provider, and settle what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from shared.clock import elapsed
from shared.db.rows import SettledWrites, WriteClaim, call_for, decode
from shared.decide.plan_retry import plan_retry
from shared.errors import (
    ConfigurationError,
    GiveUp,
    ProviderError,
    QuotaExceeded,
    Reauthorize,
    Refused,
    Retry,
    Stale,
    Vanished,
)
from shared.model import Draft, When
from shared.providers.base import Outcome, Write
from shared.states import Failure
from shared.steps.claim_writes import Delivery
from shared.steps.service import Service, account_of, signed_in

log = structlog.get_logger()

SHARE_OF_LEASE = 0.5
"""How much of its lease a delivery uses; what is left over then is claimed again."""
SICK = frozenset({"provider_unavailable", "network"})
"""Errors of the provider itself: the next write of the calendar would fail like this one."""


@dataclass(frozen=True, slots=True)
class _Delivered:
    """Outcomes by write, and what ended the delivery before all had one (None: time did)."""

    outcomes: Mapping[UUID, Outcome]
    ended_by: ProviderError | None
    api_calls: int


def deliver_writes(service: Service, delivery: Delivery) -> SettledWrites:
    """Delivers and settles; a write whose lease was lost meanwhile is left to its new holder."""
    delivered = _deliver(service, delivery)
    target = delivery.target
    _guard_account(service, target, delivered.ended_by)
    (settled,) = call_for(
        service.database,
        SettledWrites,
        "settle_provider_writes",
        user_id=target.user_id,
        calendar_id=target.calendar_id,
        outcomes=[_settlement(service, claim, delivered) for claim in delivery.writes],
        api_calls=delivered.api_calls,
    )
    log.info(
        "written",
        calendar_id=str(target.calendar_id),
        settled=settled.settled,
        dead=settled.dead,
        failed=delivered.ended_by.code if delivered.ended_by else None,
    )
    return settled


def _deliver(service: Service, delivery: Delivery) -> _Delivered:
    outcomes: dict[UUID, Outcome] = {
        claim.id: Outcome(claim.id) for claim in delivery.writes if claim.tag is None
    }
    writes = [_write(claim, claim.tag) for claim in delivery.writes if claim.tag is not None]
    calls, ended_by = 0, None
    try:
        with signed_in(service, account_of(delivery.target)) as session:
            try:
                ended_by = _collect(service, session.write(_calendar(delivery), writes), outcomes)
            finally:
                calls = session.api_calls
    except ProviderError as error:
        ended_by = error
    except (ConfigurationError, Refused) as error:
        ended_by = GiveUp(str(error), code=type(error).__name__.lower())
    except Exception as error:
        # A bug must not hold its writes for ever, nor hide: they become dead letters in the end.
        log.exception("delivery_crashed", calendar_id=str(delivery.target.calendar_id))
        ended_by = Retry(type(error).__name__, code="internal")
    return _Delivered(outcomes, ended_by, calls)


def _collect(
    service: Service, answers: Iterator[Outcome], outcomes: dict[UUID, Outcome]
) -> ProviderError | None:
    """Takes outcomes until one tells that no other can do better, or half of the lease is over."""
    deadline = elapsed() + service.settings.lease_seconds * SHARE_OF_LEASE
    for outcome in answers:
        outcomes[outcome.id] = outcome
        if outcome.error is not None and _concerns_all(outcome.error):
            return outcome.error
        if elapsed() > deadline:
            return None
    return None


def _concerns_all(error: ProviderError) -> bool:
    return error.code in SICK or error.failure in (Failure.QUOTA, Failure.REAUTHORIZE)


def _calendar(delivery: Delivery) -> str:
    return delivery.target.provider_calendar_id


def _write(claim: WriteClaim, tag: str) -> Write:
    draft = None if claim.draft is None else _draft(claim.draft)
    return Write(claim.id, tag, draft, claim.provider_event_id, claim.etag)


def _draft(row: Mapping[str, Any]) -> Draft:
    return decode(Draft, {**row, "when": decode(When, row)})


def _settlement(service: Service, claim: WriteClaim, delivered: _Delivered) -> dict[str, Any]:
    """One element of what settle_provider_writes takes."""
    row: dict[str, Any] = {"id": claim.id, "lease_token": claim.lease_token}
    outcome = delivered.outcomes.get(claim.id)
    if outcome is not None and outcome.written is not None:
        written = outcome.written
        return row | {
            "result": "written",
            "provider_event_id": written.provider_event_id,
            "etag": written.etag,
            "as_asked": written.as_asked,
        }
    if outcome is not None and outcome.error is None:
        return row | {"result": "deleted"}
    error = outcome.error if outcome is not None else delivered.ended_by
    return row | _failure(service, claim, error)


def _failure(service: Service, claim: WriteClaim, error: ProviderError | None) -> dict[str, Any]:
    if error is None:
        return {"result": "postponed", "delay_seconds": 0.0, "dead": False}
    plan = plan_retry(error.failure, claim.attempts + 1, error.retry_after, service.jitter())
    return {
        "result": _result(error),
        "delay_seconds": plan.delay_seconds,
        "dead": plan.dead,
        "error_code": error.code or error.failure.value,
        "error_message": str(error)[:500],
    }


def _result(error: ProviderError) -> str:
    match error:
        case Stale():
            return "stale"
        case Vanished():
            return "vanished"
        case QuotaExceeded() | Reauthorize():
            return "postponed"
        case _:
            return "failed"


def _guard_account(service: Service, target: WriteClaim, error: ProviderError | None) -> None:
    """What concerns the whole account: patience, or a person who must reconnect it."""
    if error is None or error.failure not in (Failure.QUOTA, Failure.REAUTHORIZE):
        return
    wait = plan_retry(error.failure, 1, error.retry_after, service.jitter()).delay_seconds
    service.database.call(
        "note_account_trouble",
        user_id=target.user_id,
        account_id=target.account_id,
        failure=error.failure.value,
        delay_seconds=wait,
        reason=error.code or error.failure.value,
    )
