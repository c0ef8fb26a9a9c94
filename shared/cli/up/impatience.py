"""CalDAV announces nothing: so that a demo lives, its calendar is polled more often than others."""

from contextlib import suppress

from shared.cli.up.radicale import ANN
from shared.clock import elapsed
from shared.errors import DatabaseUnavailable
from shared.states import Provider
from shared.steps.service import Service

POLL_SECONDS = 20.0


class Impatience:
    """Asks the workers for a poll of Ann's CalDAV calendar every `POLL_SECONDS`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._due = elapsed() + POLL_SECONDS

    def look(self) -> None:
        """Asks, if it is time. Without a database it is asked next time."""
        if elapsed() < self._due:
            return
        self._due = elapsed() + POLL_SECONDS
        with suppress(DatabaseUnavailable):
            self._ask()

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
