"""`calsync accounts`: the connected accounts, and disconnecting one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened, quiet_logs
from shared.cli.output import Json, relative, show, table
from shared.errors import InvalidRequest
from shared.states import AccountStatus
from shared.steps.disconnect_account import disconnect_account

COLUMNS = ("Account", "Provider", "Status", "Calendars read", "Account id", "Person id")
STYLES = {
    AccountStatus.ACTIVE: "green",
    AccountStatus.NEEDS_REAUTH: "red",
    AccountStatus.DISCONNECTING: "yellow",
    AccountStatus.DISCONNECTED: "dim",
}
GOES_ON = "It is being disconnected: some of it must wait for the provider, and a worker goes on."


accounts = typer.Typer(help="List the connected accounts, or disconnect one.")


@accounts.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the connected accounts and whether they can be used."""
    if context.invoked_subcommand is not None:
        return
    with opened() as service:
        rows = service.database.read("calendar_accounts", order=("provider", "email"))
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn(rows, now))


@accounts.command()
def disconnect(
    account: Annotated[UUID, typer.Argument(help="The account's id, as the list shows it.")],
    as_json: Json = False,
) -> None:
    """Stop an account's channels, remove its busy blocks, give access back, forget its mirror.

    What cannot be done at once (a provider that is down), a worker goes on with.
    """
    quiet_logs()
    with opened() as service:
        rows = service.database.read("calendar_accounts", where={"id": account})
        if not rows:
            raise InvalidRequest(f"No account {account}; `calsync accounts` lists them")
        status = disconnect_account(service, UUID(rows[0]["user_id"]), account)
    show(
        {"account_id": str(account), "status": status.value},
        as_json,
        lambda: "Disconnected." if status is AccountStatus.DISCONNECTED else GOES_ON,
    )


def _drawn(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    return table(None, COLUMNS, [_cells(row, now) for row in rows])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    style = STYLES[AccountStatus(row["status"])]
    reason = f" ({row['status_reason']})" if row["status_reason"] else ""
    return (
        escape(row["email"] or row["provider_account_id"]),
        row["provider"],
        f"[{style}]{escape(row['status'] + reason)}[/]",
        relative(row["discovered_at"], now),
        row["id"],
        row["user_id"],
    )
