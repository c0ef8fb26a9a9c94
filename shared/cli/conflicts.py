"""`calsync conflicts`: what both sides changed, deciding it, taking a decision back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened
from shared.cli.output import Json, relative, show, table
from shared.errors import InvalidRequest
from shared.states import Decision

COLUMNS = ("Here", "There", "What", "Decision", "By", "Found", "Conflict id")

conflicts = typer.Typer(help="Conflicts of appointments: list, resolve or undo them.")


class Choice(StrEnum):
    """Whose version both sides get."""

    LOCAL = "local"
    REMOTE = "remote"
    BOTH = "both"
    MERGED = "merged"


@conflicts.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    pending: Annotated[bool, typer.Option("--pending", help="Those that wait only.")] = False,
    as_json: Json = False,
) -> None:
    """List them, newest first."""
    if context.invoked_subcommand is not None:
        return
    where = {"decision": Decision.PENDING.value} if pending else {}
    with opened() as service:
        rows = service.database.read("sync_conflicts", where=where, order=("-created_at", "id"))
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn(rows, now))


@conflicts.command()
def resolve(
    conflict: Annotated[UUID, typer.Argument(help="The conflict's id, as the list shows it.")],
    choice: Annotated[Choice, typer.Argument(help="Whose version both sides get.")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="With merged, for each field in conflict: summary=local, when=remote …"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide a conflict that waits."""
    more = {"choice": choice.value, "fields": _fields(field or [])}
    _act("resolve_conflict", conflict, as_json, **more)


@conflicts.command()
def undo(
    conflict: Annotated[UUID, typer.Argument(help="The conflict's id, as the list shows it.")],
    as_json: Json = False,
) -> None:
    """Put back the version that lost."""
    _act("undo_conflict", conflict, as_json)


def _act(function: str, conflict: UUID, as_json: bool, **more: Any) -> None:
    with opened() as service:
        rows = service.database.read("sync_conflicts", where={"id": conflict})
        if not rows:
            raise InvalidRequest(f"No conflict {conflict}; `calsync conflicts` lists them")
        (row,) = service.database.call(
            function, user_id=rows[0]["user_id"], conflict_id=conflict, actor="cli", **more
        )
    done = "Undone" if row["undone_at"] else f"Decided: {row['decision']}"
    show(row, as_json, lambda: f"{done}. What follows is written to the calendar next.")


def _fields(given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if not all(name and side in ("local", "remote") for name, _, side in pairs):
        raise InvalidRequest("Say each field as NAME=local or NAME=remote")
    return {name: side for name, _, side in pairs}


def _drawn(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table | str:
    if not rows:
        return "No conflicts."
    return table(None, COLUMNS, [_cells(row, now) for row in rows])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    undone = ", undone" if row["undone_at"] else ""
    waits = row["decision"] == Decision.PENDING
    return (
        _title(row["local"]),
        _title(row["remote"]),
        ", ".join(row["fields"]) or row["kind"].replace("_", " "),
        f"[yellow]{row['decision']}[/]" if waits else row["decision"] + undone,
        row["decided_by"] or "",
        relative(row["created_at"], now),
        row["id"],
    )


def _title(version: Mapping[str, Any] | None) -> str:
    return "[dim]deleted[/]" if version is None else escape(version["summary"])
