"""`calsync renew`: renew webhook subscriptions, as the renewal function does."""

import typer
from rich.console import RenderableType

from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json, err, show, table
from shared.cli.who import Calendar, Person, person_id
from shared.steps.renew import RenewReport
from shared.steps.renew import renew as renew_subscriptions


def renew(user: Person = None, calendar: Calendar = None, as_json: Json = False) -> None:
    """Renew webhook subscriptions before they end; those of a person or calendar named at once."""
    quiet_logs()
    with opened() as service, err.status("Renewing"):
        report = renew_subscriptions(service, person_id(service, user), calendar)
    show(report, as_json, lambda: _told(report))
    if report.failed:
        raise typer.Exit(1)


def _told(report: RenewReport) -> RenderableType:
    rows = [
        ("due", str(report.due)),
        ("renewed", str(report.renewed)),
        ("failed", str(report.failed)),
        ("stopped", str(report.stopped)),
        ("expired", str(report.expired)),
    ]
    return table(None, ("Webhook subscriptions", ""), rows)
