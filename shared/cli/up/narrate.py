"""What happens, told line by line: each sync with what called it, what it changed, how fast."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape

from shared.cli.context import now_of
from shared.cli.output import duration, moment
from shared.cli.who import calendar_name
from shared.errors import DatabaseUnavailable
from shared.states import SyncStatus
from shared.steps.service import Service

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
            self._told.add(row["id"])
            yield told(row, self._names.get(row["calendar_id"], row["calendar_id"]))

    def _ended(self) -> list[Mapping[str, Any]]:
        rows = self._service.database.read(
            "calendar_sync_logs", after={"created_at": self._since}, order=("created_at",)
        )
        ended = [row for row in rows if row["status"] != SyncStatus.RUNNING]
        running = [row["created_at"] for row in rows if row["status"] == SyncStatus.RUNNING]
        new = [row for row in ended if row["id"] not in self._told]
        self._move_on(rows, running)
        return new

    def _move_on(self, rows: Any, running: list[str]) -> None:
        """Later looks begin before the oldest sync that still runs, but not endlessly far back."""
        if not rows:
            return
        latest = datetime.fromisoformat(rows[-1]["created_at"])
        oldest = datetime.fromisoformat(min(running)) if running else latest
        self._since = max(oldest - timedelta(microseconds=1), latest - LOOK_BACK)

    def _learn_names(self) -> None:
        rows = self._service.database.read("hybrid_status")
        self._names = {row["calendar_id"]: calendar_name(row) for row in rows}


def told(row: Mapping[str, Any], name: str) -> str:
    """One ended sync in one line."""
    clock = f"[dim]{row['finished_at'][11:19]}[/]"
    what = f"{escape(name)}  [bold]{row['trigger']}[/]"
    if row["status"] != SyncStatus.SUCCESS:
        code = escape(row["error_code"] or row["status"])
        return f"{clock}  {what}  [red]{row['status']}: {code}[/]"
    return f"{clock}  {what}  {changes(row)}{_latency(row)}"


def changes(row: Mapping[str, Any]) -> str:
    """What a sync changed: `2 created, 1 deleted`."""
    parts = [
        f"{row[f'events_{what}']} {what}"
        for what in ("created", "updated", "deleted", "refused")
        if row[f"events_{what}"]
    ]
    return ", ".join(parts) or "[dim]nothing new[/]"


def _latency(row: Mapping[str, Any]) -> str:
    """From the change at the provider to the row in the mirror, where both are known."""
    changed, finished = moment(row["changed_at"]), moment(row["finished_at"])
    if row["trigger"] != "webhook" or changed is None or finished is None:
        return ""
    return f"  [green]{duration((finished - changed).total_seconds())} after the change[/]"
