"""`calsync verify`: prove that the mirror equals the provider, or say what differs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json, progress, show, table
from shared.cli.who import calendar_name, chosen_calendars
from shared.errors import InvalidRequest, ProviderError
from shared.steps.service import Service
from shared.steps.verify import Verification
from shared.steps.verify import verify as verify_calendar

COLUMNS = ("Calendar", "Compared", "Missing", "Surplus", "Different", "Verdict", "Calendar id")

Row = Mapping[str, Any]


def verify(
    calendar: Annotated[UUID | None, typer.Argument(help="The calendar to verify.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Verify every calendar.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the mirror with the provider; drift makes the exit status 1."""
    if (calendar is None) != every:
        raise InvalidRequest("Name one calendar, or use --all")
    quiet_logs()
    found: list[dict[str, Any]] = []
    with opened() as service:
        chosen = chosen_calendars(service, calendar)
        with progress(hidden=as_json) as bar:
            task = bar.add_task("Verifying", total=len(chosen))
            for row in chosen:
                bar.update(task, description=escape(calendar_name(row)))
                found.append(_finding(service, row))
                bar.advance(task)
    show(found, as_json, lambda: _drawn(found))
    if any(row["error"] or row["drift"] for row in found):
        raise typer.Exit(1)


def _finding(service: Service, row: Row) -> dict[str, Any]:
    named = {"calendar_id": row["calendar_id"], "calendar": calendar_name(row)}
    try:
        result = verify_calendar(service, UUID(row["calendar_id"]))
    except ProviderError as error:
        return named | _compared(None) | {"error": error.code or str(error)}
    return named | _compared(result) | {"error": None}


def _compared(result: Verification | None) -> dict[str, Any]:
    if result is None:
        return {"compared": 0, "drift": 0, "missing": [], "surplus": [], "different": []}
    drift = result.drift
    return {
        "compared": result.compared,
        "drift": drift.count,
        "missing": list(drift.missing),
        "surplus": list(drift.surplus),
        "different": list(drift.different),
    }


def _drawn(found: Sequence[dict[str, Any]]) -> Table:
    return table(None, COLUMNS, [_cells(row) for row in found])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    verdict = "[red]drift[/]" if row["drift"] else "[green]equal[/]"
    if row["error"]:
        verdict = f"[red]not compared: {escape(row['error'])}[/]"
    return (
        escape(row["calendar"]),
        str(row["compared"]),
        *(str(len(row[kind])) for kind in ("missing", "surplus", "different")),
        verdict,
        row["calendar_id"],
    )
