"""GET events and events/{id}: the mirror, as it happens and as it is."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import TRUE_OR_FALSE, Id, Input, Instant, Output
from functions.api.paging import Page, PageInput, page_of
from functions.api.whose import CalendarId
from shared.db.rows import decode
from shared.errors import NotFound
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility

KEYS = {"starts_at": datetime, "event_id": UUID, "occurrence_key": str}


class SpanInput(PageInput):
    """Which span of time; without one, the week from now."""

    from_: Annotated[Instant | None, Field(alias="from", description="From here on.")] = None
    to: Annotated[Instant | None, Field(description="Until before this.")] = None
    calendar_id: CalendarId = None


class EventsInput(SpanInput):
    """Which span of time, and whether busy blocks count."""

    busy_blocks: Annotated[
        bool, Field(description="false: without the busy blocks of CalSync."), TRUE_OR_FALSE
    ] = True


class Happening(Output):
    """One occurrence of an event; a whole-day one has dates and starts at midnight of its zone."""

    calendar_id: UUID
    event_id: UUID
    occurrence_key: Annotated[str, Field(description='Of which instance of a series, else "".')]
    starts_at: datetime
    ends_at: datetime
    start_date: date | None
    end_date: date | None
    kind: EventKind
    status: EventStatus
    summary: str | None
    location: str | None
    show_as: ShowAs
    visibility: Visibility
    is_busy: bool
    is_busy_block: bool
    self_response: Response | None
    html_link: str | None


class EventInput(Input):
    """One event, named in the path."""

    event_id: Id


class Event(Output):
    """An event, a series or an exception as the provider has it."""

    id: UUID
    calendar_id: UUID
    provider_event_id: str
    kind: EventKind
    status: EventStatus
    ical_uid: str | None
    series_event_id: str | None
    occurrence_key: str
    start_at: datetime | None
    end_at: datetime | None
    start_date: date | None
    end_date: date | None
    time_zone: str | None
    summary: str | None
    description: str | None
    location: str | None
    show_as: ShowAs
    visibility: Visibility
    organizer: dict[str, Any] | None
    attendees: list[dict[str, Any]]
    self_response: Response | None
    recurrence: list[str]
    conference_url: str | None
    html_link: str | None
    is_busy: bool
    created_at: datetime
    updated_at: datetime


def list_events(call: Call, given: EventsInput) -> Page[Happening]:
    """By their start."""
    more = {"blocks": given.busy_blocks, **span_of(given)}
    return page_of(call, Happening, "list_events", KEYS, given, **more)


def span_of(given: SpanInput) -> dict[str, Any]:
    """The arguments of a list over a span of time."""
    return {"from": given.from_, "to": given.to, "calendar_id": given.calendar_id}


def read_event(call: Call, given: EventInput) -> Event:
    """One event."""
    where = {"user_id": call.user_id, "id": given.event_id}
    rows = call.service.database.read("calendar_events", where=where)
    if not rows:
        raise NotFound(f"event {given.event_id} does not exist")
    return decode(Event, rows[0])


ENDPOINTS = (
    Endpoint("GET", "events", "What happens when", EventsInput, Page[Happening], list_events),
    Endpoint("GET", "events/{event_id}", "One event", EventInput, Event, read_event),
)
