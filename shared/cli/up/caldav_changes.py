"""CalDAV announces nothing, but our own Radicale leaves a mark after a change: then it is polled.

Any server that can run a command after a change can do the same (docs/providers.md).
"""

from contextlib import suppress
from pathlib import Path

from shared.cli.up.radicale import ANN
from shared.errors import DatabaseUnavailable
from shared.states import Provider
from shared.steps.service import Service


class CaldavChanges:
    """Asks the workers for a poll of Ann's CalDAV calendar when `mark` was touched."""

    def __init__(self, service: Service, mark: Path) -> None:
        self._service, self._mark = service, mark
        self._seen = 0

    def look(self) -> None:
        """Asks, if there is something new. Without a database it is asked next time."""
        touched = self._touched()
        if touched != self._seen:
            with suppress(DatabaseUnavailable):
                self._ask()
                self._seen = touched

    def _touched(self) -> int:
        with suppress(FileNotFoundError):
            return self._mark.stat().st_mtime_ns
        return 0

    def _ask(self) -> None:
        database = self._service.database
        where = {"provider": Provider.CALDAV.value, "account_email": ANN}
        for row in database.read("hybrid_status", where=where):
            database.call(
                "request_polls",
                stale_seconds=0.0,
                reason="polling",
                limit=1,
                user_id=row["user_id"],
                calendar_id=row["calendar_id"],
            )
