"""The Postgres of `calsync up`: started, watched, stopped."""

from collections.abc import Callable
from pathlib import Path

from rich.markup import escape

from shared.clock import elapsed
from shared.db import embedded
from shared.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from shared.errors import CalSyncError

PAUSE_SECONDS = 2.0


class PostgresNotStarted(CalSyncError):
    """The embedded Postgres could not be started."""


class OwnPostgres:
    """Our Postgres, running until `stop`."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._retry_at = 0.0
        self._server: EmbeddedPostgres | None = None

    def start(self) -> str:
        """Starts it (the first time: initialises it) and gives its URL, as superuser.

        Raises `PostgresNotStarted`.
        """
        try:
            self._server = embedded.start(self._folder, self._port, embedded.DURABLE)
        except EmbeddedPostgresError as error:
            raise PostgresNotStarted(str(error)) from error
        return self._server.url

    def revive(self, say: Callable[[str], None]) -> None:
        """Starts it again when it died."""
        if elapsed() < self._retry_at or embedded.serving(self._folder) is not None:
            return
        self._retry_at = elapsed() + PAUSE_SECONDS
        say("[red]Postgres ended[/]; starting it again")
        self.stop()
        try:
            self.start()
        except PostgresNotStarted as error:
            say(f"[red]{escape(str(error))}[/]")
        else:
            say("Postgres was started again")

    def stop(self) -> None:
        """Stops it in order, if it runs."""
        if self._server is not None:
            embedded.stop(self._server)
            self._server = None
