"""GET free-busy: when a person is busy, and nothing of what they do."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Input, Instant, Output
from shared.db.rows import call_for


class FreeBusyInput(Input):
    """Which span of time; without one, the week from now."""

    from_: Annotated[Instant | None, Field(alias="from", description="From here on.")] = None
    to: Annotated[Instant | None, Field(description="Until before this.")] = None


class Busy(Output):
    """A span in which the person is busy."""

    starts_at: datetime
    ends_at: datetime


class FreeBusy(Output):
    """Spans by their start; those that touch are one."""

    busy: list[Busy]


def free_busy(call: Call, given: FreeBusyInput) -> FreeBusy:
    """Over all calendars that are synced."""
    span = {"from": given.from_, "to": given.to}
    database = call.service.database
    return FreeBusy(busy=call_for(database, Busy, "busy_times", user_id=call.user_id, **span))


ENDPOINTS = (
    Endpoint("GET", "free-busy", "When a person is busy", FreeBusyInput, FreeBusy, free_busy),
)
