"""real-time-sync: push on, off, and how it stands."""

from typing import Any
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.health import CalendarHealth, shown
from functions.api.models import Output
from functions.api.whose import Mine, OfCalendars
from shared.steps.judge_calendars import judge_calendars
from shared.steps.push import turn_push_off, turn_push_on


class RealTimeSync(Output):
    """Whether push is wanted for any calendar, and each of them."""

    enabled: bool
    calendars: list[CalendarHealth]


class TurnedOn(RealTimeSync):
    """What the provider answered: subscriptions made, and refused."""

    made: int
    failed: int


class TurnedOff(RealTimeSync):
    """How many channels the provider stopped already; the others are stopped by upkeep."""

    stopped: int


def status(call: Call, given: Mine) -> RealTimeSync:
    """As it stands."""
    return RealTimeSync(**_state(call))


def enable(call: Call, given: OfCalendars) -> TurnedOn:
    """Subscriptions are made before this answers."""
    made, failed = turn_push_on(call.service, call.user_id, given.calendar_id, call.audit)
    return TurnedOn(made=made, failed=failed, **_state(call))


def disable(call: Call, given: OfCalendars) -> TurnedOff:
    """Channels are stopped before this answers; the calendars are polled from now on."""
    return turned_off(call, given.calendar_id)


def turned_off(call: Call, calendar_id: UUID | None) -> TurnedOff:
    """Turns push off for one calendar, or all."""
    stopped = turn_push_off(call.service, call.user_id, calendar_id, call.audit)
    return TurnedOff(stopped=stopped, **_state(call))


def _state(call: Call) -> dict[str, Any]:
    judged = judge_calendars(call.service, call.user_id)
    enabled = any(each.row["push"] == "wanted" for each in judged)
    return {"enabled": enabled, "calendars": shown(judged)}


ENDPOINTS = (
    Endpoint("GET", "real-time-sync/status", "How push stands", Mine, RealTimeSync, status),
    Endpoint("POST", "real-time-sync/enable", "Turn push on", OfCalendars, TurnedOn, enable),
    Endpoint("POST", "real-time-sync/disable", "Turn push off", OfCalendars, TurnedOff, disable),
)
