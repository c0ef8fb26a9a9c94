"""appointments: what an application wants in a person's calendars (docs/writing.md)."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Id, Input, Instant, Output
from functions.api.paging import Page, PageInput, page_of
from functions.api.whose import CalendarId
from shared.db.rows import decode
from shared.states import ShowAs, Visibility

State = Literal["synced", "pending", "conflict", "failed"]
TIMES = ("start_at", "end_at", "start_date", "end_date")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _day(value: object) -> object:
    if not (value is None or (isinstance(value, str) and _DAY.fullmatch(value))):
        raise ValueError("must be a day such as 2026-11-24")
    return None if value is None else date.fromisoformat(value)


Day = Annotated[date | None, BeforeValidator(_day)]
Words = Annotated[str | None, Field(max_length=1000)]
Text = Annotated[str | None, Field(max_length=8000)]
Zone = Annotated[
    str | None, Field(max_length=64, description="IANA name; the times are shown in it.")
]


class Appointment(Output):
    """An appointment; `state` tells how it stands at the provider, `reason` why."""

    id: UUID
    calendar_id: UUID
    summary: str
    description: str | None
    location: str | None
    start_at: datetime | None
    end_at: datetime | None
    start_date: date | None
    end_date: date | None
    time_zone: str | None
    show_as: ShowAs
    visibility: Visibility
    state: State
    reason: str | None
    created_at: datetime
    updated_at: datetime


class Deleted(Output):
    """The appointment that is no more; its event goes next."""

    id: UUID


class AppointmentsInput(PageInput):
    """Which appointments."""

    calendar_id: CalendarId = None


class OfAppointment(Input):
    """One appointment, named in the path."""

    appointment_id: Id


class _Times(Input):
    """Either two instants or two days; the end is exclusive."""

    start_at: Instant | None = None
    end_at: Instant | None = None
    start_date: Day = None
    end_date: Day = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if any(getattr(self, name) is not None for name in TIMES):
            self._check_pair()
        return self

    def _check_pair(self) -> None:
        instants, days = (self.start_at, self.end_at), (self.start_date, self.end_date)
        if (None in instants) == (None in days) or any(instants) == any(days):
            raise ValueError("give start_at and end_at, or start_date and end_date")
        if self.start_at and self.end_at and self.end_at < self.start_at:
            raise ValueError("it must not end before it starts")
        if self.start_date and self.end_date and self.end_date <= self.start_date:
            raise ValueError("end_date is exclusive: it must lie after start_date")


class NewAppointment(_Times):
    """An appointment to make."""

    calendar_id: Id
    summary: Annotated[str, Field(max_length=1000)]
    description: Text = None
    location: Words = None
    time_zone: Zone = None
    show_as: ShowAs = ShowAs.BUSY
    visibility: Visibility = Visibility.DEFAULT

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        if not any(getattr(self, name) is not None for name in TIMES):
            raise ValueError("give start_at and end_at, or start_date and end_date")
        return self


class ChangedAppointment(_Times):
    """The new values; what is not named stays, null clears. Times are given as a pair."""

    appointment_id: Id
    summary: Annotated[str, Field(max_length=1000)] = ""
    description: Text = None
    location: Words = None
    time_zone: Zone = None
    show_as: ShowAs = ShowAs.BUSY
    visibility: Visibility = Visibility.DEFAULT


def list_appointments(call: Call, given: AppointmentsInput) -> Page[Appointment]:
    """Oldest first."""
    keys = {"created_at": datetime, "id": UUID}
    more = {"calendar_id": given.calendar_id}
    return page_of(call, Appointment, "list_appointments", keys, given, **more)


def read_appointment(call: Call, given: OfAppointment) -> Appointment:
    """One of them."""
    return _appointment(call, given.appointment_id)


def create_appointment(call: Call, given: NewAppointment) -> Appointment:
    """Queued for its calendar with the row itself."""
    made = call.new_id()
    content = given.model_dump(mode="json", exclude={"user_id", "calendar_id"})
    call.service.database.call(
        "create_appointment",
        user_id=call.user_id,
        id=made,
        calendar_id=given.calendar_id,
        content=content,
        **call.audit,
    )
    return _appointment(call, made)


def change_appointment(call: Call, given: ChangedAppointment) -> Appointment:
    """Queued for its calendar, if anything is another than before."""
    call.service.database.call(
        "change_appointment",
        user_id=call.user_id,
        id=given.appointment_id,
        changes=_changes(given),
        **call.audit,
    )
    return _appointment(call, given.appointment_id)


def delete_appointment(call: Call, given: OfAppointment) -> Deleted:
    """Its event is deleted next."""
    call.service.database.call(
        "delete_appointment", user_id=call.user_id, id=given.appointment_id, **call.audit
    )
    return Deleted(id=given.appointment_id)


def _changes(given: ChangedAppointment) -> dict[str, Any]:
    named = given.model_fields_set - {"user_id", "appointment_id", *TIMES}
    is_moved = any(getattr(given, name) is not None for name in TIMES)
    return given.model_dump(mode="json", include=named | (set(TIMES) if is_moved else set()))


def _appointment(call: Call, appointment_id: UUID) -> Appointment:
    (row,) = call.service.database.call("get_appointment", user_id=call.user_id, id=appointment_id)
    return decode(Appointment, row)


_ONE = "appointments/{appointment_id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        "appointments",
        "Appointments of applications",
        AppointmentsInput,
        Page[Appointment],
        list_appointments,
    ),
    Endpoint(
        "POST",
        "appointments",
        "Make an appointment",
        NewAppointment,
        Appointment,
        create_appointment,
        201,
        creates=True,
        refuses=True,
    ),
    Endpoint("GET", _ONE, "One appointment", OfAppointment, Appointment, read_appointment),
    Endpoint(
        "PATCH",
        _ONE,
        "Change an appointment",
        ChangedAppointment,
        Appointment,
        change_appointment,
        refuses=True,
    ),
    Endpoint("DELETE", _ONE, "Delete an appointment", OfAppointment, Deleted, delete_appointment),
)
