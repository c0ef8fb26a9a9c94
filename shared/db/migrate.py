"""`calsync migrate`: applies what is pending, and keeps the history where the Supabase CLI does."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from shared.db.build import REPOSITORY, in_order
from shared.db.statements import split_statements
from shared.errors import ConfigurationError, DatabaseUnavailable, Refused

OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True)
class Migration:
    """A file `<version>_<name>.sql` of `supabase/migrations/`."""

    version: str
    name: str
    path: Path


def migrate(
    url: str,
    on_step: Callable[[str], None] = lambda step: None,
    root: Path = REPOSITORY,
) -> list[str]:
    """Brings a database up to date; answers the versions applied now, oldest first.

    Each file is one transaction together with its record; migrators wait for each other. `on_step`
    is told what is about to be done. `root` is the folder that has `sql/` and `supabase/`.

    Raises:
        ConfigurationError: the SQL files are not there.
        DatabaseUnavailable: the server cannot be reached.
        Refused: Postgres is too old, or the database is newer than this code, or a file failed
            (then nothing of that file was done).
    """
    known = migrations(root)
    with _connected(url) as connection:
        refuse_old_postgres(connection.info.server_version)
        migrator = _Migrator(connection, root / "sql", on_step)
        migrator.prepare()
        return list(migrator.apply(known))


def migrations(root: Path = REPOSITORY) -> list[Migration]:
    """The migrations of this code, oldest first."""
    folder = root / "supabase" / "migrations"
    named = ((re.fullmatch(r"(\d+)_(.*)\.sql", path.name), path) for path in folder.glob("*.sql"))
    found = [Migration(match[1], match[2], path) for match, path in named if match]
    if not found:
        raise ConfigurationError(f"No migrations in {folder}: run CalSync from a checkout")
    return sorted(found, key=lambda migration: int(migration.version))


def refuse_old_postgres(server_version: int) -> None:
    """Raises `Refused` for a server before Postgres 15; 150004 is version 15.4."""
    if server_version < OLDEST_POSTGRES * 10000:
        raise Refused(
            f"Postgres {OLDEST_POSTGRES} or newer is needed; the server is version "
            f"{server_version // 10000}.{server_version % 10000}"
        )


@dataclass(frozen=True, slots=True)
class _Migrator:
    connection: psycopg.Connection
    sql: Path
    on_step: Callable[[str], None]

    def prepare(self) -> None:
        """Creates what Supabase brings, where it is missing, and the table of the history."""
        self.on_step("what Supabase brings")
        with self.connection.transaction():
            self._run(self.sql / "migrate" / "lock.sql")
            for path in in_order(self.sql / "bootstrap"):
                self._run(path)
            self._run(self.sql / "migrate" / "history.sql")

    def apply(self, known: list[Migration]) -> Iterator[str]:
        """Applies what is pending, one transaction each; yields the versions."""
        while (done := self._apply_next(known)) is not None:
            yield done

    def _apply_next(self, known: list[Migration]) -> str | None:
        """Applies the oldest pending migration; None when nothing is pending."""
        with self.connection.transaction():
            self._run(self.sql / "migrate" / "lock.sql")
            recorded = self._recorded()
            _refuse_newer(recorded - {migration.version for migration in known})
            pending = [migration for migration in known if migration.version not in recorded]
            if not pending:
                return None
            self.on_step(pending[0].path.name)
            self._run(pending[0].path)
            self._record(pending[0])
            return pending[0].version

    def _recorded(self) -> set[str]:
        query = _read(self.sql / "migrate" / "recorded.sql")
        return {version for (version,) in self.connection.execute(query).fetchall()}

    def _record(self, migration: Migration) -> None:
        self.connection.execute(
            _read(self.sql / "migrate" / "record.sql"),
            {
                "version": migration.version,
                "name": migration.name,
                "statements": split_statements(migration.path.read_text(encoding="utf-8")),
            },
        )

    def _run(self, path: Path) -> None:
        """Runs all statements of a file; an error names the file, and where it can the line."""
        script = _read(path)
        try:
            self.connection.execute(script)
        except psycopg.DatabaseError as error:
            where = error.diag.statement_position
            line = f" line {script.decode()[: int(where)].count(chr(10)) + 1}" if where else ""
            message = error.diag.message_primary or error
            raise Refused(f"{path.name}{line}: {message}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path} is missing: run CalSync from a checkout") from error


def _refuse_newer(unknown: set[str]) -> None:
    if unknown:
        raise Refused(
            "The database is newer than this CalSync: it has the migrations "
            f"{', '.join(sorted(unknown))}, which are unknown here. Update CalSync."
        )


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error}") from error
    with connection:
        yield connection
