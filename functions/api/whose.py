"""Inputs that many endpoints share: whose rows, and of which calendar."""

from typing import Annotated

from pydantic import Field

from functions.api.models import Id, Input

CalendarId = Annotated[Id | None, Field(description="This calendar only; without it, all.")]


class Mine(Input):
    """The caller's own, or those of the person the service role names."""


class OfCalendar(Input):
    """One calendar, named in the path."""

    calendar_id: Id


class OfCalendars(Input):
    """All calendars of a person, or one."""

    calendar_id: CalendarId = None


class OfPerson(Input):
    """A person, named in the path."""

    user_id: Id


class CalendarsOfPerson(OfPerson):
    """A person, named in the path; all of their calendars, or one."""

    calendar_id: CalendarId = None
