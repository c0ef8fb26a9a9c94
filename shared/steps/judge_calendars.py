"""Judge: how a person's calendars fare, and what would help."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.db.rows import decode
from shared.decide.plan_repairs import CalendarFacts, Problem, health_of, plan_repairs
from shared.errors import NotFound
from shared.states import Health
from shared.steps.service import Service


@dataclass(frozen=True, slots=True)
class Judged:
    """A calendar (a row of the view calendar_facts) with its problems."""

    calendar_id: UUID
    account_id: UUID
    row: Mapping[str, Any]
    problems: tuple[Problem, ...]

    @property
    def health(self) -> Health:
        """The worst of it."""
        return health_of(self.problems)


def judge_calendars(
    service: Service, user_id: UUID, calendar_id: UUID | None = None
) -> list[Judged]:
    """Judges the calendars of a person, or one. Raises `NotFound` for one that they do not have."""
    where = {"user_id": user_id} | ({"calendar_id": calendar_id} if calendar_id else {})
    rows = service.database.read("calendar_facts", where=where, order=("created_at", "calendar_id"))
    if calendar_id is not None and not rows:
        raise NotFound(f"calendar {calendar_id} does not exist")
    lead = timedelta(hours=service.settings.renew_before_hours)
    return [
        Judged(
            calendar_id=UUID(str(row["calendar_id"])),
            account_id=UUID(str(row["account_id"])),
            row=row,
            problems=plan_repairs(decode(CalendarFacts, row), lead),
        )
        for row in rows
    ]
