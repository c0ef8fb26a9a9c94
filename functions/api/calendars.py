"""GET calendars; calendars/{id}/settings; POST calendars/{id}/reset."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Id, Output
from functions.api.paging import Page, PageInput, page_of
from functions.api.whose import OfCalendar
from shared.errors import NotFound
from shared.states import Provider


class CalendarsInput(PageInput):
    """Which calendars."""

    account_id: Annotated[Id | None, Field(description="Of this account only.")] = None


class Calendar(Output):
    """A calendar of a connected account; `id` is the calendar UUID of webhook URLs."""

    id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    name: str | None
    time_zone: str
    access_role: Literal["owner", "writer", "reader", "free_busy"]
    is_primary: bool
    sync_enabled: bool
    push: Literal["wanted", "unsupported", "given_up", "turned_off"]
    removed_at: datetime | None
    last_sync_at: datetime | None
    created_at: datetime


class Settings(Output):
    """What a person decides about a calendar."""

    sync_enabled: bool


class ChangeSettings(OfCalendar):
    """The settings to be."""

    sync_enabled: Annotated[bool, Field(description="Whether the calendar is mirrored.")]


class Reset(Output):
    """The calendar that is read from the start now; rows that are right stay untouched."""

    calendar_id: UUID


def list_calendars(call: Call, given: CalendarsInput) -> Page[Calendar]:
    """Oldest first."""
    keys = {"created_at": datetime, "id": UUID}
    return page_of(call, Calendar, "list_calendars", keys, given, account_id=given.account_id)


def read_settings(call: Call, given: OfCalendar) -> Settings:
    """The settings of one calendar."""
    where = {"user_id": call.user_id, "id": given.calendar_id}
    rows = call.service.database.read("calendars", where=where)
    if not rows:
        raise NotFound(f"calendar {given.calendar_id} does not exist")
    return Settings(sync_enabled=rows[0]["sync_enabled"])


def change_settings(call: Call, given: ChangeSettings) -> Settings:
    """Turned off, a calendar is read no more and its subscription is stopped."""
    (row,) = call.service.database.call(
        "set_sync_enabled",
        user_id=call.user_id,
        calendar_id=given.calendar_id,
        enabled=given.sync_enabled,
        **call.audit,
    )
    return Settings(sync_enabled=row["sync_enabled"])


def reset(call: Call, given: OfCalendar) -> Reset:
    """The cursor is dropped; the next sync reads everything."""
    (row,) = call.service.database.call(
        "ask_reset", user_id=call.user_id, calendar_id=given.calendar_id, **call.audit
    )
    return Reset(calendar_id=row["calendar_id"])


_SETTINGS = "calendars/{calendar_id}/settings"
_RESET = "calendars/{calendar_id}/reset"

ENDPOINTS = (
    Endpoint("GET", "calendars", "Calendars", CalendarsInput, Page[Calendar], list_calendars),
    Endpoint("GET", _SETTINGS, "Settings of a calendar", OfCalendar, Settings, read_settings),
    Endpoint("PATCH", _SETTINGS, "Change settings", ChangeSettings, Settings, change_settings),
    Endpoint("POST", _RESET, "Read a calendar from the start", OfCalendar, Reset, reset, 202),
)
