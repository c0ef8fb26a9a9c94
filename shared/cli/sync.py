"""`calsync sync`: bring calendars up to date now, with progress."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from enum import StrEnum
from functools import reduce
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json, err, progress, show
from shared.cli.poll import polled
from shared.cli.who import Calendar, calendar_name, chosen_calendars
from shared.steps.poll import PollReport, PollRequest, poll
from shared.steps.service import Service


class Mode(StrEnum):
    """How much to trust push, and the mirror."""

    WEBHOOK_FALLBACK = "webhook-fallback"
    POLLING_ONLY = "polling-only"
    FULL = "full"


How = Annotated[
    Mode,
    typer.Option(
        help="webhook-fallback: poll where push is stale; polling-only: poll all; "
        "full: read everything again."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="One line for each calendar.")]


def sync(
    mode: How = Mode.WEBHOOK_FALLBACK,
    calendar: Calendar = None,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Bring calendars up to date now; a calendar that fails makes the exit status 1."""
    quiet_logs()
    reports = []
    with opened() as service:
        chosen = chosen_calendars(service, calendar)
        with progress(hidden=as_json) as bar:
            task = bar.add_task("Syncing", total=len(chosen))
            for row, report in synced(service, mode, chosen):
                reports.append(report)
                bar.advance(task)
                if verbose:
                    err.print(_line(row, report), highlight=False)
    total = reduce(_sum, reports, NOTHING)
    show(total, as_json, lambda: polled(total))
    if total.failed:
        raise typer.Exit(1)


def synced(
    service: Service, mode: Mode, chosen: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], PollReport]]:
    """Syncs calendars, as many at a time as there are sync workers; yields each as it ends."""
    with ThreadPoolExecutor(max(service.settings.sync_workers, 1)) as threads:
        running = {threads.submit(_sync_one, service, mode, row): row for row in chosen}
        for ended in as_completed(running):
            yield running[ended], ended.result()


def _sync_one(service: Service, mode: Mode, row: Mapping[str, Any]) -> PollReport:
    calendar_id = UUID(row["calendar_id"])
    if mode is Mode.FULL:
        service.database.call("reset_calendar", user_id=row["user_id"], calendar_id=calendar_id)
    smart = mode is Mode.WEBHOOK_FALLBACK
    request = PollRequest("manual", UUID(row["user_id"]), calendar_id, smart=smart)
    report = poll(service, request)
    # A large calendar may take longer than a poll may: it goes on as long as somebody reads it.
    while report.waiting and _is_read_now(service, calendar_id):
        report = poll(service, request)
    return report


def _is_read_now(service: Service, calendar_id: UUID) -> bool:
    (row,) = service.database.read("hybrid_status", where={"calendar_id": calendar_id})
    return bool(row["next_action"] == "syncing")


NOTHING = PollReport(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ())


def _sum(one: PollReport, other: PollReport) -> PollReport:
    return PollReport(
        **{
            name: getattr(one, name) + getattr(other, name)
            for name in PollReport.__dataclass_fields__
        }
    )


def _line(row: Mapping[str, Any], report: PollReport) -> str:
    name = escape(calendar_name(row))
    if report.errors:
        return f"[red]✗[/] {name}: {escape(report.errors[0][1])}"
    if report.skipped:
        return f"[dim]·[/] {name}: skipped, push is healthy"
    if report.waiting:
        return f"[yellow]…[/] {name}: still due"
    return (
        f"[green]✓[/] {name}: {report.created} created, {report.updated} updated, "
        f"{report.deleted} deleted"
    )
