"""Auto-fix: find what is wrong with a person's calendars, repair it, and say what was done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.clock import elapsed
from shared.db.rows import decode
from shared.errors import CalSyncError, ProviderError
from shared.states import Repair
from shared.steps.judge_calendars import Judged, judge_calendars
from shared.steps.poll import PollRequest, poll
from shared.steps.push import recreate
from shared.steps.service import Account, Service, signed_in
from shared.steps.stop_subscriptions import stop_due

log = structlog.get_logger()

Audit = Mapping[str, str]
STOPS = 20


@dataclass(frozen=True, slots=True)
class Applied:
    """One repair: of which calendar, for which problem, and whether it helped."""

    calendar_id: UUID
    problem: str
    repair: Repair
    done: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class _Patient:
    """A calendar under repair; `audit` are the arguments by which acts are written down."""

    service: Service
    user_id: UUID
    calendar: Judged
    audit: Audit


def auto_fix(
    service: Service, user_id: UUID, calendar_id: UUID | None, audit: Audit
) -> list[Applied]:
    """Repairs within CRON_BUDGET_SECONDS; what is left shows up in the next judgement."""
    deadline = elapsed() + service.settings.cron_budget_seconds
    applied: list[Applied] = []
    for calendar in judge_calendars(service, user_id, calendar_id):
        patient = _Patient(service, user_id, calendar, audit)
        for problem in calendar.problems:
            if elapsed() > deadline:
                return applied
            done, outcome = _apply(patient, problem.repair)
            applied.append(
                Applied(calendar.calendar_id, problem.code, problem.repair, done, outcome)
            )
    return applied


def _apply(patient: _Patient, repair: Repair) -> tuple[bool, str]:
    patient.service.database.call(
        "write_audit",
        user_id=patient.user_id,
        action="autofix.applied",
        subject=str(patient.calendar.calendar_id),
        details={"repair": repair.value},
        **patient.audit,
    )
    try:
        return _REPAIRS[repair](patient)
    except CalSyncError as error:
        log.warning("repair_failed", repair=repair.value, error=type(error).__name__)
        return False, error.code if isinstance(error, ProviderError) else type(error).__name__


def _sign_in(patient: _Patient) -> tuple[bool, str]:
    """The provider may have taken its refusal back; listing calendars asks it."""
    service = patient.service
    rows = service.database.call("lost_accounts", user_id=patient.user_id)
    accounts = [decode(Account, row) for row in rows]
    mine = [each for each in accounts if each.account_id == patient.calendar.account_id]
    for account in mine:
        with signed_in(service, account) as session:
            session.list_calendars()
        service.database.call(
            "restore_account",
            user_id=patient.user_id,
            account_id=account.account_id,
            **patient.audit,
        )
    return bool(mine), "the provider lets the account in again"


def _retry(patient: _Patient) -> tuple[bool, str]:
    patient.service.database.call(
        "replay_dead_letters", user_id=patient.user_id, calendar_id=patient.calendar.calendar_id
    )
    return _synced(patient)


def _resync(patient: _Patient) -> tuple[bool, str]:
    patient.service.database.call(
        "ask_reset",
        user_id=patient.user_id,
        calendar_id=patient.calendar.calendar_id,
        **patient.audit,
    )
    return _synced(patient)


def _synced(patient: _Patient) -> tuple[bool, str]:
    report = poll(
        patient.service,
        PollRequest("manual", patient.user_id, patient.calendar.calendar_id, smart=False),
    )
    if report.errors:
        return False, report.errors[0][1]
    return report.polled > 0, "synced" if report.polled else "still due"


def _subscribe(patient: _Patient) -> tuple[bool, str]:
    made, failed = recreate(patient.service, patient.user_id, patient.calendar.calendar_id)
    if failed:
        return False, "the provider refused the subscription"
    return made > 0, "subscribed" if made else "not due"


def _re_enable(patient: _Patient) -> tuple[bool, str]:
    patient.service.database.call(
        "turn_push_on",
        user_id=patient.user_id,
        calendar_id=patient.calendar.calendar_id,
        **patient.audit,
    )
    return _subscribe(patient)


def _stop_leaked(patient: _Patient) -> tuple[bool, str]:
    stopped = stop_due(patient.service, STOPS, patient.calendar.account_id)
    return stopped > 0, f"{stopped} stopped"


_REPAIRS: Mapping[Repair, Callable[[_Patient], tuple[bool, str]]] = {
    Repair.SIGN_IN: _sign_in,
    Repair.RETRY: _retry,
    Repair.RESYNC: _resync,
    Repair.RECREATE: _subscribe,
    Repair.RENEW: _subscribe,
    Repair.RE_ENABLE: _re_enable,
    Repair.STOP_LEAKED: _stop_leaked,
}
