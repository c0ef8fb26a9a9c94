"""`calsync accounts`: the connected accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened
from shared.cli.output import Json, relative, show, table

COLUMNS = ("Account", "Provider", "Status", "Calendars read", "Person id")


def accounts(as_json: Json = False) -> None:
    """List the connected accounts and whether they can be used."""
    with opened() as service:
        rows = service.database.read("calendar_accounts", order=("provider", "email"))
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn(rows, now))


def _drawn(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    return table(None, COLUMNS, [_cells(row, now) for row in rows])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    active = row["status"] == "active"
    reason = f" ({row['status_reason']})" if row["status_reason"] else ""
    return (
        escape(row["email"] or row["provider_account_id"]),
        row["provider"],
        "[green]active[/]" if active else f"[red]{escape(row['status'] + reason)}[/]",
        relative(row["discovered_at"], now),
        row["user_id"],
    )
