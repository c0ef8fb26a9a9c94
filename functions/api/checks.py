"""webhook/verify and webhook/auto-fix: find drift, and repair what is wrong."""

from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.health import worst
from functions.api.models import Output
from functions.api.whose import CalendarsOfPerson
from shared.states import Health, Repair
from shared.steps.auto_fix import Applied, auto_fix
from shared.steps.judge_calendars import judge_calendars
from shared.steps.verify_calendars import Checked, verify_calendars


class DriftReport(Output):
    """One calendar compared with its provider; ids are the provider's. `error`: not compared."""

    calendar_id: UUID
    compared: int
    drift: int
    missing: list[str]
    surplus: list[str]
    different: list[str]
    error: str | None


class Verified(Output):
    """Each calendar that is synced; `equal` where all were compared and none differs."""

    equal: bool
    calendars: list[DriftReport]


class Fix(Output):
    """One repair that was tried."""

    calendar_id: UUID
    problem: str
    repair: Repair
    done: bool
    outcome: str


class Fixed(Output):
    """What was tried, and how the calendars fare afterwards."""

    health: Health
    repairs: list[Fix]


def verify(call: Call, given: CalendarsOfPerson) -> Verified:
    """Reads each calendar anew and compares; takes as long as a full sync does."""
    checked = verify_calendars(call.service, call.user_id, given.calendar_id, call.audit)
    equal = not any(each.error or each.drift.count for each in checked)
    return Verified(equal=equal, calendars=[_drift(each) for each in checked])


def fix(call: Call, given: CalendarsOfPerson) -> Fixed:
    """Names the cause, applies the fitting repair, and reports."""
    applied = auto_fix(call.service, call.user_id, given.calendar_id, call.audit)
    left = judge_calendars(call.service, call.user_id, given.calendar_id)
    return Fixed(health=worst(left), repairs=[_fix(each) for each in applied])


def _drift(checked: Checked) -> DriftReport:
    return DriftReport(
        calendar_id=checked.calendar_id,
        compared=checked.compared,
        drift=checked.drift.count,
        missing=list(checked.drift.missing),
        surplus=list(checked.drift.surplus),
        different=list(checked.drift.different),
        error=checked.error,
    )


def _fix(applied: Applied) -> Fix:
    return Fix(
        calendar_id=applied.calendar_id,
        problem=applied.problem,
        repair=applied.repair,
        done=applied.done,
        outcome=applied.outcome,
    )


_VERIFY = "webhook/verify/{user_id}"
_FIX = "webhook/auto-fix/{user_id}"

ENDPOINTS = (
    Endpoint("POST", _VERIFY, "Compare with the provider", CalendarsOfPerson, Verified, verify),
    Endpoint("POST", _FIX, "Repair what is wrong", CalendarsOfPerson, Fixed, fix),
)
