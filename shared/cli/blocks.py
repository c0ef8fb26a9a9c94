"""`calsync blocks`: which calendar blocks which, by what rule, and how the busy blocks stand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from shared.cli.context import now_of, opened
from shared.cli.output import Json, relative, show, table
from shared.cli.who import Calendar, Person, person_id
from shared.errors import InvalidRequest
from shared.steps.service import Service

Row = Mapping[str, Any]
Source = Annotated[UUID, typer.Argument(help="The calendar whose events block.")]
Target = Annotated[UUID, typer.Argument(help="The calendar that is blocked.")]

PAIRS = ("Source", "Target", "Blocks", "Rule", "Title", "Skipped", "Source id", "Target id")
BLOCKS = ("Calendar", "Title", "Starts", "Status", "From", "Written")
SKIPS = ("free", "tentative", "all_day", "declined", "working_location")

blocks = typer.Typer(help="Busy blocks: which calendar blocks which; list them; set the rules.")


@blocks.callback(invoke_without_command=True)
def pairs(context: typer.Context, user: Person = None, as_json: Json = False) -> None:
    """Show each pair of calendars and the rule that holds for it."""
    if context.invoked_subcommand is not None:
        return
    with opened() as service:
        person = person_id(service, user)
        where = {"user_id": person} if person else {}
        rows = service.database.read(
            "busy_block_pairs", where=where, order=("source_name", "target_name")
        )
    show(list(rows), as_json, lambda: _drawn_pairs(rows))


@blocks.command("list")
def listed(user: Person = None, calendar: Calendar = None, as_json: Json = False) -> None:
    """List the busy blocks in a calendar, or in all, and whether they are written."""
    with opened() as service:
        person = person_id(service, user)
        asked = {"user_id": person, "target_calendar_id": calendar}
        where = {name: value for name, value in asked.items() if value is not None}
        rows = service.database.read("busy_block_status", where=where, order=("ends_at",))
        now = now_of(service)
    show(list(rows), as_json, lambda: _drawn_blocks(rows, now))


@blocks.command("set")
def set_rule(
    source: Source,
    target: Target,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Block at all.")] = None,
    copy_title: Annotated[
        bool | None, typer.Option(help="Show the title of the event, not only that it is busy.")
    ] = None,
    skip_free: Annotated[bool | None, typer.Option(help="Leave out free time.")] = None,
    skip_tentative: Annotated[bool | None, typer.Option(help="Leave out tentative ones.")] = None,
    skip_all_day: Annotated[bool | None, typer.Option(help="Leave out all-day events.")] = None,
    skip_declined: Annotated[bool | None, typer.Option(help="Leave out what was declined.")] = None,
    skip_working_location: Annotated[
        bool | None, typer.Option(help="Leave out where one works.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set how one calendar blocks another; what is not named stays as it is."""
    named = {
        "is_enabled": enabled,
        "copy_title": copy_title,
        "skip_free": skip_free,
        "skip_tentative": skip_tentative,
        "skip_all_day": skip_all_day,
        "skip_declined": skip_declined,
        "skip_working_location": skip_working_location,
    }
    rule = {word: value for word, value in named.items() if value is not None}
    if not rule:
        raise InvalidRequest("Name what to set, such as --off or --copy-title")
    with opened() as service:
        (answer,) = service.database.call(
            "set_busy_block_rule",
            user_id=_owner(service, source),
            source=source,
            target=target,
            rule=rule,
        )
    show(answer["pair"], as_json, lambda: _drawn_pairs([answer["pair"]]))


@blocks.command()
def clear(source: Source, target: Target, as_json: Json = False) -> None:
    """Forget the rule of a pair of calendars: the default holds again."""
    with opened() as service:
        (answer,) = service.database.call(
            "clear_busy_block_rule",
            user_id=_owner(service, source),
            source=source,
            target=target,
        )
    there_was = answer["cleared"]
    show(
        {"cleared": there_was},
        as_json,
        lambda: "The default holds again." if there_was else "There was no rule.",
    )


def _owner(service: Service, calendar: UUID) -> UUID:
    rows = service.database.read("calendars", where={"id": calendar})
    if not rows:
        raise InvalidRequest(f"No calendar {calendar}; `calsync blocks` lists them")
    return UUID(rows[0]["user_id"])


def _drawn_pairs(rows: Sequence[Row]) -> Table | str:
    if not rows:
        return "No pair of calendars: a person needs two to block one with the other."
    return table(None, PAIRS, [_pair(row) for row in rows])


def _pair(row: Row) -> tuple[str, ...]:
    blocking = "[green]yes[/]" if row["is_enabled"] else "[dim]no[/]"
    obstacle = row["obstacle"]
    skipped = [skip.replace("_", " ") for skip in SKIPS if row[f"skip_{skip}"]]
    return (
        escape(row["source_name"]),
        escape(row["target_name"]),
        f"[yellow]no: {escape(obstacle)}[/]" if obstacle else blocking,
        "own" if row["has_rule"] else "default",
        "copied" if row["copy_title"] else "Busy",
        ", ".join(skipped) or "nothing",
        row["source_calendar_id"],
        row["target_calendar_id"],
    )


def _drawn_blocks(rows: Sequence[Row], now: datetime) -> Table | str:
    if not rows:
        return "No busy blocks."
    return table(None, BLOCKS, [_block(row, now) for row in rows])


def _block(row: Row, now: datetime) -> tuple[str, ...]:
    failed = row["status"] == "failed"
    status = f"[red]failed: {escape(row['last_error_code'])}[/]" if failed else row["status"]
    return (
        escape(row["target_name"] or ""),
        escape(row["title"]),
        row["start_date"] or row["start_at"],
        status,
        escape(row["source_name"] or ""),
        relative(row["written_at"], now),
    )
