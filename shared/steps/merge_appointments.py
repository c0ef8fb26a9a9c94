"""Merge appointments with their events, wherever the mirror shows another version of one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from shared.db.rows import AppointmentToMerge, call_for
from shared.decide.appointment_content import Content, content_from_row, content_row
from shared.decide.plan_appointment import Conflict, Moments, Plan, Sides, plan_appointment
from shared.errors import Refused
from shared.states import ConflictPolicy
from shared.steps.service import Service

log = structlog.get_logger()

BATCH = 200


def merge_appointments(
    service: Service, user_id: UUID | None = None, calendar_id: UUID | None = None
) -> int:
    """Merges up to 200 appointments; gives how many were settled.

    One whose sides moved on meanwhile is left to the next round.
    """
    found = call_for(
        service.database,
        AppointmentToMerge,
        "appointments_to_merge",
        limit=BATCH,
        user_id=user_id,
        calendar_id=calendar_id,
    )
    return sum(_merge_alone(service, each) for each in found)


def _merge_alone(service: Service, found: AppointmentToMerge) -> bool:
    """What the database refuses for one appointment holds up no other, nor the sync before it."""
    try:
        return _merge(service, found)
    except Refused as refused:
        log.warning("merge_refused", appointment_id=str(found.id), error=str(refused))
        return False


def _merge(service: Service, found: AppointmentToMerge) -> bool:
    skew = timedelta(seconds=service.settings.conflict_skew_seconds)
    plan = plan_appointment(_sides(found), found.policy, _moments(found), skew)
    (answer,) = service.database.call(
        "settle_merge",
        user_id=found.user_id,
        id=found.id,
        version=found.version,
        remote_etag=found.remote_etag,
        mark=found.mark,
        plan=_plan_row(plan, _version(found.remote), found.policy),
    )
    settled: bool = answer["settled"]
    log.info(
        "merged",
        appointment_id=str(found.id),
        outcome=plan.event.value,
        decision=plan.conflict.decision.value if plan.conflict else None,
        settled=settled,
    )
    return settled


def _sides(found: AppointmentToMerge) -> Sides:
    return Sides(
        local=_version(found.local),
        remote=_version(found.remote),
        base=_version(found.base),
        base_remote=_version(found.base_remote),
        offers=tuple(content_from_row(offer) for offer in found.offers or ()),
        is_echo=found.is_echo,
        is_series=found.is_series,
    )


def _moments(found: AppointmentToMerge) -> Moments:
    return Moments(found.local_changed_at, found.remote_changed_at, found.agreed_at, found.seen_at)


def _version(row: dict[str, Any] | None) -> Content | None:
    return None if row is None else content_from_row(row)


def _plan_row(plan: Plan, remote: Content | None, policy: ConflictPolicy) -> dict[str, Any]:
    conflict = plan.conflict
    return {
        "event": plan.event.value,
        "local": _row(plan.local),
        "base": _row(plan.base),
        "remote": _row(remote),
        "conflict": None if conflict is None else _conflict_row(conflict, policy),
    }


def _conflict_row(conflict: Conflict, policy: ConflictPolicy) -> dict[str, Any]:
    return {
        "kind": conflict.kind.value,
        "decision": conflict.decision.value,
        "policy": policy.value,
        "fields": list(conflict.fields),
        "base": _row(conflict.base),
        "local": _row(conflict.local),
        "remote": _row(conflict.remote),
        "merged": _row(conflict.merged),
    }


def _row(content: Content | None) -> dict[str, Any] | None:
    return None if content is None else content_row(content)
