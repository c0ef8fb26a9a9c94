"""webhooks/renew, webhook/stop, recreate and metrics: the subscriptions of a person."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import WHOLE_NUMBER, Output
from functions.api.real_time_sync import TurnedOff, turned_off
from functions.api.whose import CalendarsOfPerson, OfCalendars, OfPerson
from shared.db.rows import decode
from shared.steps.judge_calendars import judge_calendars
from shared.steps.push import recreate as make_again


class Renewed(Output):
    """What the provider answered: subscriptions made, and refused."""

    made: int
    failed: int


class MetricsInput(OfPerson):
    """How far back."""

    days: Annotated[int, Field(ge=1, le=30, description="The last so many days."), WHOLE_NUMBER] = 7


class Day(Output):
    """One day (UTC) of syncs that push called."""

    day: date
    syncs: int
    failed: int
    mean_seconds: float | None


class Metrics(Output):
    """How push served: from the notification to the mirror, in seconds."""

    notifications: int
    outcomes: dict[str, int]
    syncs: int
    failed: int
    success_percent: float | None
    mean_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    errors: dict[str, int]
    days: list[Day]


def renew(call: Call, given: OfCalendars) -> Renewed:
    """Subscriptions are replaced now, with overlap; push that was given up is tried again."""
    return _renewed(call, given.calendar_id)


def recreate(call: Call, given: CalendarsOfPerson) -> Renewed:
    """The same, for a person in the path."""
    return _renewed(call, given.calendar_id)


def _renewed(call: Call, calendar_id: UUID | None) -> Renewed:
    judge_calendars(call.service, call.user_id, calendar_id)
    subject = str(calendar_id or "all")
    call.service.database.call(
        "write_audit",
        user_id=call.user_id,
        action="subscriptions.renewed",
        subject=subject,
        **call.audit,
    )
    made, failed = make_again(call.service, call.user_id, calendar_id)
    return Renewed(made=made, failed=failed)


def stop_of_person(call: Call, given: CalendarsOfPerson) -> TurnedOff:
    """Turns push off, for a person in the path."""
    return turned_off(call, given.calendar_id)


def metrics(call: Call, given: MetricsInput) -> Metrics:
    """Of the last days."""
    database = call.service.database
    (row,) = database.call("webhook_metrics", user_id=call.user_id, days=given.days)
    return decode(Metrics, row)


_STOP = "webhook/stop/{user_id}"
_RECREATE = "webhook/recreate/{user_id}"
_METRICS = "webhook/metrics/{user_id}"

ENDPOINTS = (
    Endpoint("POST", "webhooks/renew", "Renew subscriptions", OfCalendars, Renewed, renew),
    Endpoint("POST", _STOP, "Stop push", CalendarsOfPerson, TurnedOff, stop_of_person),
    Endpoint("POST", _RECREATE, "Make subscriptions again", CalendarsOfPerson, Renewed, recreate),
    Endpoint("GET", _METRICS, "How push served", MetricsInput, Metrics, metrics),
)
