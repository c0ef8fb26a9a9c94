"""`calsync doctor`: all checks, in the order in which they build on each other."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import environment, quiet_logs
from shared.cli.doctor.accounts import check_accounts
from shared.cli.doctor.check import Check, Verdict, failed, ok
from shared.cli.doctor.database import check_database
from shared.cli.doctor.network import check_clocks, check_providers, check_webhook_url
from shared.cli.doctor.secrets import check_secrets
from shared.cli.output import Json, err, show, table
from shared.cli.up.secrets import fresh_secrets
from shared.config import read_settings
from shared.errors import CalSyncError, ConfigurationError
from shared.steps.open_service import open_service
from shared.steps.service import Service

STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


def doctor(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Print new random secrets, and do nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check settings, secrets, database, webhook URL, providers, clocks and every account."""
    if new_key:
        _print_secrets(as_json)
        return
    quiet_logs()
    with err.status("Checking"):
        checks = list(_all_checks())
    show(checks, as_json, lambda: _drawn(checks))
    if any(check.verdict is Verdict.FAILED for check in checks):
        raise typer.Exit(1)


def _all_checks() -> Iterator[Check]:
    try:
        settings = read_settings(environment())
        service = open_service(settings)
    except ConfigurationError as error:
        yield failed("settings", str(error))
        return
    yield ok("settings", "readable")
    try:
        yield from check_secrets(settings)
        yield from check_webhook_url(settings)
        yield check_providers(service)
        yield from _behind_the_database(service)
    finally:
        service.database.close()


def _behind_the_database(service: Service) -> Iterator[Check]:
    checks = list(check_database(service))
    yield from checks
    if checks[-1].verdict is Verdict.FAILED:
        # Nothing behind it can be seen.
        return
    yield from check_clocks(service)
    try:
        yield from check_accounts(service)
    except CalSyncError as error:
        yield failed("accounts", str(error))


def _drawn(checks: list[Check]) -> Table:
    return table(None, ("Check", "", "Detail"), [_cells(check) for check in checks])


def _cells(check: Check) -> tuple[str, str, str]:
    verdict = f"[{STYLES[check.verdict]}]{check.verdict}[/]"
    return (escape(check.name), verdict, escape(check.detail))


def _print_secrets(as_json: bool) -> None:
    """As lines for an environment file."""
    made = {
        name: value for name, value in fresh_secrets().items() if not name.startswith("SUPABASE_")
    }
    show(made, as_json, lambda: "\n".join(f"{name}={value}" for name, value in made.items()))
