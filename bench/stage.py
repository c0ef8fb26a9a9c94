"""What is measured on: an embedded Postgres that loses nothing, and the Google emulator."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.events import BATCH, sample_event
from shared.db import embedded, postmaster
from shared.db.migrate import migrate
from tests.support.google_emulator import GoogleEmulator

TEMPLATE = "bench_template"
CRASH_SECONDS = 30.0


class Stage:
    """A Postgres server with a migrated template database, and an emulator without limits."""

    def __init__(self, folder: Path, google: GoogleEmulator) -> None:
        self.folder = folder
        self.google = google
        self._server = embedded.start(folder / "postgres", 0, embedded.DURABLE)
        self._people: dict[int, str] = {}
        try:
            self._execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
            migrate(self.url_of(TEMPLATE))
        except BaseException:
            self.close()
            raise

    def database(self, name: str) -> str:
        """A migrated, empty database; gives its URL."""
        statement = sql.SQL("create database {} template {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        """The URL of a database of this server, as superuser."""
        return urlsplit(self._server.url)._replace(path=f"/{name}").geturl()

    def program(self, name: str) -> Path:
        """A program that came with this Postgres, such as pgbench."""
        with closing(psycopg.connect(self._server.url)) as connection:
            query = "select setting from pg_config where name = 'BINDIR'"
            (folder,) = connection.execute(query).fetchone() or ("",)
        return Path(folder) / name

    def crash(self) -> None:
        """Postgres dies without a checkpoint and starts again: what it had not flushed is gone."""
        found = postmaster.find(self._server.data_dir)
        if found is None:
            raise RuntimeError("Postgres is not running")
        os.kill(found.pid, signal.SIGQUIT)
        deadline = time.monotonic() + CRASH_SECONDS
        while postmaster.find(self._server.data_dir) is not None:
            if time.monotonic() > deadline:
                raise RuntimeError("Postgres did not die")
            time.sleep(0.02)
        embedded.stop(self._server)
        self._server = embedded.start(self._server.data_dir, self._server.port, embedded.DURABLE)

    def person_with(self, events: int) -> str:
        """Somebody whose calendar holds that many events; made when first asked for."""
        if events not in self._people:
            email = f"busy{events}@example.test"
            self.google.add_person(email)
            for first in range(0, events, BATCH):
                last = min(first + BATCH, events)
                self.google.create_events(email, [sample_event(n) for n in range(first, last)])
            self._people[events] = email
        return self._people[events]

    def close(self) -> None:
        """Stops Postgres."""
        embedded.stop(self._server)

    def _execute(self, statement: sql.Composed) -> None:
        with closing(psycopg.connect(self._server.url, autocommit=True)) as connection:
            connection.execute(statement)


@contextmanager
def stage() -> Iterator[Stage]:
    """Everything that is needed, in a folder of its own; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="calsync-bench-") as folder, GoogleEmulator() as google:
        google.settings(per_user_per_minute=None, per_project_per_minute=None)
        # Postgres run by root belongs to an unprivileged user, who must get in.
        Path(folder).chmod(0o755)
        made = Stage(Path(folder), google)
        try:
            yield made
        finally:
            made.close()
