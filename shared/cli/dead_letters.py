"""`calsync dead-letters`: syncs and writes that failed too often, and trying them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened
from shared.cli.output import Json, relative, show, table
from shared.errors import InvalidRequest

COLUMNS = ("Calendar", "What", "Failed", "Error", "Dead since", "Tried again", "Calendar id")

dead_letters = typer.Typer(help="Syncs and writes that failed too often: list or replay them.")


@dead_letters.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List them."""
    if context.invoked_subcommand is not None:
        return
    with opened() as service:
        rows = service.database.read("dead_letters", order=("dead_at",))
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn(rows, now))


@dead_letters.command()
def replay(
    calendar: Annotated[UUID | None, typer.Argument(help="The calendar to replay.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Replay all of them.")] = False,
    as_json: Json = False,
) -> None:
    """Make them due again at once, as if they had never failed."""
    if (calendar is None) != every:
        raise InvalidRequest("Name one calendar, or use --all")
    with opened() as service:
        rows = service.database.call("replay_dead_letters", calendar_id=calendar)
    if calendar and not rows:
        raise InvalidRequest(f"Calendar {calendar} is no dead letter, or is being synced now")
    replayed = [row["calendar_id"] for row in rows]
    show({"replayed": replayed}, as_json, lambda: f"{len(replayed)} due again now.")


def _drawn(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table | str:
    if not rows:
        return "No dead letters."
    return table(None, COLUMNS, [_cells(row, now) for row in rows])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    error = f"{row['last_error_code']}: {row['last_error_message']}"
    return (
        escape(row["calendar_name"] or ""),
        row["kind"].replace("_", " "),
        f"{row['attempts']} times",
        f"[red]{escape(error)}[/]",
        relative(row["dead_at"], now),
        relative(row["retry_at"], now, none="when replayed"),
        row["calendar_id"],
    )
