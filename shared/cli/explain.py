"""`calsync explain`: one calendar in plain sentences."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from shared.cli.context import opened
from shared.cli.output import Json, duration, method, moment, relative, show
from shared.cli.up.narrate import changes
from shared.cli.who import calendar_name
from shared.errors import InvalidRequest

Row = Mapping[str, Any]


def explain(
    calendar: Annotated[UUID, typer.Argument(help="The calendar to explain.")],
    as_json: Json = False,
) -> None:
    """Say of one calendar what was heard and read last, which method holds, why, what is next."""
    with opened() as service:
        rows = service.database.read("calendar_explanations", where={"calendar_id": calendar})
    if not rows:
        raise InvalidRequest(f"No calendar {calendar}; `calsync status` lists them")
    show(rows[0], as_json, lambda: "\n".join(sentences(rows[0])))


def sentences(row: Row) -> Iterator[str]:
    """The explanation, sentence by sentence (rich markup). `row` is of calendar_explanations."""
    now = datetime.fromisoformat(row["now"])
    yield f"[bold]{escape(calendar_name(row))}[/] ({row['provider']}, {row['events']} events)"
    yield f"Method: {method(row['method'])}, because {escape(row['reason'])}."
    yield f"Next: {' '.join(filter(None, _next(row, now)))}."
    yield f"Last notification: {relative(row['last_notification_at'], now)}."
    yield f"Last pull: {relative(row['last_pull_at'], now)}."
    yield _lag(row, now)
    yield _subscription(row, now)
    yield from _failures(row, now)
    yield from _refusals(row)
    yield from _alerts(row, now)
    yield from _syncs(row, now)


def _next(row: Row, now: datetime) -> tuple[str, str]:
    return row["next_action"], relative(row["next_action_at"], now, none="")


def _lag(row: Row, now: datetime) -> str:
    if row["waiting_since"]:
        return f"Lag: a notification waits to be served, {relative(row['waiting_since'], now)}."
    if row["lag_seconds"] is None:
        return "Lag: none known, no change has come after the first read."
    return f"Lag: the last change was in the mirror after {duration(row['lag_seconds'])}."


def _subscription(row: Row, now: datetime) -> str:
    due = moment(row["subscription_due_at"])
    if row["push"] == "unsupported":
        return "Subscription: none, the provider offers no push here."
    if row["push"] == "turned_off":
        return "Subscription: none, its person turned push off."
    if row["push"] == "given_up":
        return "Subscription: given up; `calsync renew --calendar …` tries again."
    again = f", the next attempt is {relative(row['subscription_due_at'], now)}" if due else ""
    if not row["subscribed"]:
        return f"Subscription: {row['subscription_status']}{again}."
    ends = relative(row["subscription_expires_at"], now)
    return f"Subscription: active, channel {row['channel_id']}, ends {ends}{again}."


def _failures(row: Row, now: datetime) -> Iterator[str]:
    if row["webhook_failures"]:
        yield f"[yellow]Push failed {row['webhook_failures']} times in a row.[/]"
    if row["attempts"]:
        what = escape(f"{row['last_error_code']}: {row['last_error_message']}")
        yield (
            f"[red]The last {row['attempts']} syncs failed[/], the last one "
            f"{relative(row['last_error_at'], now)}: {what}."
        )
    if row["dead_at"]:
        yield "[red]It is a dead letter[/]: `calsync dead-letters replay …` tries it again at once."


def _refusals(row: Row) -> Iterator[str]:
    for reason, events in sorted(row["refused_events"].items()):
        yield f"Refused: {events} events, {escape(reason)}."


def _alerts(row: Row, now: datetime) -> Iterator[str]:
    for alert in row["alerts"]:
        opened_at = relative(alert["opened_at"], now)
        yield f"[red]Alert[/] ({alert['severity']}, {opened_at}): {escape(alert['message'])}"


def _syncs(row: Row, now: datetime) -> Iterator[str]:
    for sync in row["recent_syncs"]:
        when = relative(sync["started_at"], now)
        outcome = changes(sync) if sync["status"] == "success" else f"[red]{sync['status']}[/]"
        error = escape(f" {sync['error_code']}") if sync["error_code"] else ""
        yield f"  {when}: {sync['trigger']} → {sync['sync_type']}, {outcome}{error}"
