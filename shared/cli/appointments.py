"""`calsync appointments`: what applications want in people's calendars, and how it stands."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import opened
from shared.cli.output import Json, show, table

COLUMNS = ("Appointment", "When", "State", "Why", "Calendar id", "Appointment id")
STYLES = {"synced": "green", "pending": "cyan", "conflict": "yellow", "failed": "red"}


def appointments(
    calendar: Annotated[UUID | None, typer.Option(help="Of this calendar only.")] = None,
    as_json: Json = False,
) -> None:
    """List appointments and whether they are synced."""
    where = {"calendar_id": calendar} if calendar else {}
    with opened() as service:
        rows = service.database.read("appointments", where=where, order=("created_at", "id"))
        states = service.database.read("appointment_status", where=where)
    standing = {(row["user_id"], row["id"]): row for row in states}
    listed = [
        {**row, "state": at["state"], "reason": at["reason"]}
        for row in rows
        if (at := standing.get((row["user_id"], row["id"])))
    ]
    show(listed, as_json, lambda: _drawn(listed))


def _drawn(rows: Sequence[Mapping[str, Any]]) -> Table | str:
    if not rows:
        return "No appointments."
    return table(None, COLUMNS, [_cells(row) for row in rows])


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    state = row["state"]
    return (
        escape(row["summary"]),
        str(row["start_at"] or row["start_date"]),
        f"[{STYLES[state]}]{state}[/]",
        escape(row["reason"] or ""),
        row["calendar_id"],
        row["id"],
    )
