"""What happens, told line by line: each sync, what called it, what it changed, how fast."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape

from shared.cli.context import now_of
from shared.cli.output import duration, moment
from shared.cli.who import calendar_name
from shared.errors import DatabaseUnavailable
from shared.states import SyncStatus
from shared.steps.service import Service

Row = Mapping[str, Any]

OVERLAP = timedelta(seconds=10)
"""Rows are dated by the beginning of their transaction: one may appear behind a later one."""
LOOK_BACK = timedelta(minutes=10)
"""A sync that runs longer than this is not told; its log row tells it."""


class Narrator:
    """Tells every sync that ended since it was made, once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._told: set[str] = set()
        self._since = now_of(service)
        self._names: dict[str, str] = {}

    def news(self) -> Iterator[str]:
        """Lines (rich markup) on what ended since the last look; none without a database."""
        try:
            rows = self._ended()
            if any(row["calendar_id"] not in self._names for row in rows):
                self._learn_names()
        except DatabaseUnavailable:
            return
        for row in rows:
            calendar = str(row["calendar_id"])
            yield told(row, self._names.get(calendar, calendar))

    def _ended(self) -> list[Row]:
        rows = self._service.database.read(
            "calendar_sync_logs", after={"created_at": self._since}, order=("created_at",)
        )
        ended = [row for row in rows if row["status"] != SyncStatus.RUNNING]
        new = [row for row in ended if row["id"] not in self._told]
        # Later looks see no others of those that were told already.
        self._told = {row["id"] for row in ended}
        self._move_on(rows)
        return new

    def _move_on(self, rows: Sequence[Row]) -> None:
        """Later looks begin before the oldest sync that still runs, but not endlessly far back."""
        if not rows:
            return
        latest = datetime.fromisoformat(rows[-1]["created_at"])
        running = (row for row in rows if row["status"] == SyncStatus.RUNNING)
        oldest = min((datetime.fromisoformat(row["created_at"]) for row in running), default=latest)
        self._since = max(self._since, oldest - OVERLAP, latest - LOOK_BACK)

    def _learn_names(self) -> None:
        rows = self._service.database.read("hybrid_status")
        self._names = {
            row["calendar_id"]: f"{row['provider']:<9}  {calendar_name(row)}" for row in rows
        }


def told(row: Row, name: str) -> str:
    """One ended sync in one line."""
    clock = f"[dim]{row['finished_at'][11:19]}[/]"
    what = f"{escape(name)}  [bold]{row['trigger']}[/]"
    if row["status"] != SyncStatus.SUCCESS:
        code = escape(row["error_code"] or row["status"])
        return f"{clock}  {what}  [red]{row['status']}: {code}[/]"
    return f"{clock}  {what}  {changes(row)}{_latency(row)}"


def changes(row: Row) -> str:
    """What a sync changed: `2 created, 1 deleted`."""
    parts = [
        f"{row[f'events_{what}']} {what}"
        for what in ("created", "updated", "deleted", "refused")
        if row[f"events_{what}"]
    ]
    return ", ".join(parts) or "[dim]nothing new[/]"


def _latency(row: Row) -> str:
    """From the change at the provider to the row in the mirror, where both are known."""
    changed, finished = moment(row["changed_at"]), moment(row["finished_at"])
    if row["trigger"] != "webhook" or changed is None or finished is None:
        return ""
    return f"  [green]{duration((finished - changed).total_seconds())} after the change[/]"
