"""`calsync status`: which sync method holds for each calendar, why, and what is next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened
from shared.cli.output import Json, method, relative, show, table
from shared.cli.who import Person, calendar_name, person_id

COLUMNS = ("Calendar", "Provider", "Method", "Why", "Next", "Last sync", "Failures", "Calendar id")


def status(user: Person = None, as_json: Json = False) -> None:
    """Show every calendar: its sync method, why it holds, and what happens next and when."""
    with opened() as service:
        person = person_id(service, user)
        rows = service.database.read(
            "hybrid_status",
            where={"user_id": person} if person else {},
            order=("account_email", "name"),
        )
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn(rows, now))


def _drawn(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    return table(None, COLUMNS, [_cells(row, now) for row in rows])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    failures = row["webhook_failures"] + row["attempts"]
    return (
        escape(calendar_name(row)),
        row["provider"],
        method(row["method"]),
        escape(row["reason"]),
        f"{row['next_action']} {relative(row['next_action_at'], now, none='')}".strip(),
        relative(row["last_sync_at"], now),
        f"[red]{failures} {escape(row['last_error_code'] or '')}[/]" if failures else "0",
        row["calendar_id"],
    )
