"""sync/health, webhook/health/{user_id}, monitoring/health/{user_id}: three depths of a look."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Output
from functions.api.whose import Mine, OfPerson
from shared.db.rows import decode
from shared.decide.plan_repairs import Problem
from shared.states import Health, Provider, Repair, SyncMethod
from shared.steps.judge_calendars import Judged, judge_calendars


class Trouble(Output):
    """One thing that is wrong; auto-fix would try `repair`."""

    code: str
    health: Health
    recommendation: str
    repair: Repair


class CalendarHealth(Output):
    """How one calendar fares."""

    calendar_id: UUID
    name: str | None
    provider: Provider
    health: Health
    method: SyncMethod
    reason: str
    next_action: str
    next_action_at: datetime | None
    push: str
    subscribed: bool
    subscription_expires_at: datetime | None
    last_webhook_received: datetime | None
    last_poll_at: datetime | None
    last_sync_at: datetime | None
    webhook_failures: int
    attempts: int
    last_error_code: str | None
    problems: list[Trouble]


class SyncHealth(Output):
    """How all calendars of a person fare: as well as the worst of them."""

    health: Health
    recommendations: list[str]
    calendars: list[CalendarHealth]


class WebhookHealth(Output):
    """Push: how many calendars could have it, how many have it, and each of them."""

    health: Health
    wanted: int
    subscribed: int
    coverage_percent: float | None
    calendars: list[CalendarHealth]


class Figures(Output):
    """Counts of the last seven days, and of what is open now."""

    calendars: int
    accounts: int
    accounts_lost: int
    syncs: int
    failed: int
    error_percent: float | None
    syncs_per_day: float
    api_calls: int
    last_sync_at: datetime | None
    alerts: dict[str, int]
    checks_failed: int


class MonitoringHealth(Output):
    """Everything: figures, and each calendar with its problems."""

    health: Health
    figures: Figures
    recommendations: list[str]
    calendars: list[CalendarHealth]


def sync_health(call: Call, given: Mine) -> SyncHealth:
    """With what to do about it."""
    judged = judge_calendars(call.service, call.user_id)
    return SyncHealth(health=worst(judged), recommendations=advice(judged), calendars=shown(judged))


def webhook_health(call: Call, given: OfPerson) -> WebhookHealth:
    """Of push alone."""
    judged = judge_calendars(call.service, call.user_id)
    wanted = [each for each in judged if each.row["push"] in ("wanted", "given_up")]
    subscribed = sum(each.row["subscribed"] for each in wanted)
    return WebhookHealth(
        health=worst(wanted),
        wanted=len(wanted),
        subscribed=subscribed,
        coverage_percent=round(100 * subscribed / len(wanted), 1) if wanted else None,
        calendars=shown(wanted),
    )


def monitoring_health(call: Call, given: OfPerson) -> MonitoringHealth:
    """With figures."""
    judged = judge_calendars(call.service, call.user_id)
    (row,) = call.service.database.call("person_figures", user_id=call.user_id)
    return MonitoringHealth(
        health=worst(judged),
        figures=decode(Figures, row),
        recommendations=advice(judged),
        calendars=shown(judged),
    )


def worst(judged: Iterable[Judged]) -> Health:
    """The health of the one that fares worst."""
    found = {each.health for each in judged}
    return next((each for each in (Health.BROKEN, Health.WARNING) if each in found), Health.OK)


def advice(judged: Iterable[Judged]) -> list[str]:
    """What to do, calendar by calendar."""
    return [
        f"{each.row['name'] or each.calendar_id}: {problem.recommendation}"
        for each in judged
        for problem in each.problems
    ]


def shown(judged: Iterable[Judged]) -> list[CalendarHealth]:
    """Calendars as the API shows them."""
    return [
        decode(
            CalendarHealth,
            {**each.row, "health": each.health, "problems": [*map(_trouble, each.problems)]},
        )
        for each in judged
    ]


def _trouble(problem: Problem) -> Trouble:
    return Trouble(
        code=problem.code,
        health=problem.health,
        recommendation=problem.recommendation,
        repair=problem.repair,
    )


_WEBHOOK = "webhook/health/{user_id}"
_MONITORING = "monitoring/health/{user_id}"

ENDPOINTS = (
    Endpoint("GET", "sync/health", "How the calendars fare", Mine, SyncHealth, sync_health),
    Endpoint("GET", _WEBHOOK, "How push fares", OfPerson, WebhookHealth, webhook_health),
    Endpoint(
        "GET", _MONITORING, "Health with figures", OfPerson, MonitoringHealth, monitoring_health
    ),
)
