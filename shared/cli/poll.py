"""`calsync poll`: poll now, as the polling functions do."""

from typing import Annotated

import typer
from rich.console import RenderableType

from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json, err, show, table
from shared.cli.who import Calendar, Person, person_id
from shared.steps.poll import PollReport, PollRequest
from shared.steps.poll import poll as poll_calendars

Force = Annotated[bool, typer.Option("--force", help="Poll even where push is healthy.")]

FIGURES = ("processed", "created", "updated", "deleted", "refused", "api_calls")


def poll(
    user: Person = None, calendar: Calendar = None, force: Force = False, as_json: Json = False
) -> None:
    """Poll calendars whose push is stale; healthy ones are skipped."""
    quiet_logs()
    with opened() as service, err.status("Polling"):
        request = PollRequest("manual", person_id(service, user), calendar, smart=not force)
        report = poll_calendars(service, request)
    show(report, as_json, lambda: polled(report))
    if report.failed:
        raise typer.Exit(1)


def polled(report: PollReport) -> RenderableType:
    """What a poll did, as a table."""
    rows = [
        ("calendars", str(report.calendars)),
        ("polled", str(report.polled)),
        ("skipped", str(report.skipped_calendars)),
        ("failed", str(report.failed)),
        ("still waiting", str(report.waiting)),
        *((figure.replace("_", " "), str(getattr(report, figure))) for figure in FIGURES),
        *((f"[red]{calendar}[/]", code) for calendar, code in report.errors),
    ]
    return table(None, ("Poll", ""), rows)
