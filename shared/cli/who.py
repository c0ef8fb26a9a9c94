"""Who and which calendar is meant, and how both are called."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from shared.errors import InvalidRequest
from shared.steps.service import Service

Person = Annotated[
    str | None,
    typer.Option("--user", metavar="UUID|EMAIL", help="Only this person's calendars."),
]
Calendar = Annotated[
    UUID | None, typer.Option("--calendar", metavar="UUID", help="Only this calendar.")
]


def person_id(service: Service, named: str | None) -> UUID | None:
    """The person of a UUID, or of the e-mail of a person or of one of their accounts.

    Raises `InvalidRequest` where nobody, or more than one, has that e-mail.
    """
    if named is None:
        return None
    try:
        return UUID(named)
    except ValueError:
        rows = service.database.call("find_people", email=named)
    if len(rows) != 1:
        found = "Nobody" if not rows else "More than one person"
        raise InvalidRequest(f"{found} is known as {named}: see `calsync accounts`, name the UUID")
    return UUID(rows[0]["user_id"])


def calendar_name(row: Mapping[str, Any]) -> str:
    """How a row of hybrid_status is called: by its account, and by its name where that differs."""
    account, name = row["account_email"], row["name"]
    return " · ".join(dict.fromkeys(part for part in (account, name) if part)) or "(no name)"


def chosen_calendars(service: Service, calendar: UUID | None) -> list[Mapping[str, Any]]:
    """The rows of hybrid_status to work on: one calendar, or all that are not disabled.

    Raises `InvalidRequest` for a calendar that does not exist.
    """
    where = {"calendar_id": calendar} if calendar else {}
    rows = service.database.read("hybrid_status", where=where, order=("account_email", "name"))
    if calendar and not rows:
        raise InvalidRequest(f"No calendar {calendar}; `calsync status` lists them")
    return [row for row in rows if calendar or row["method"] != "disabled"]
