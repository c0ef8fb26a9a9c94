"""`calsync migrate`: applies what is pending, and keeps the history where the Supabase CLI does."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from shared.db.build import MIGRATION, REPOSITORY, SQL, in_order
from shared.db.statements import split_statements
from shared.errors import ConfigurationError, DatabaseUnavailable, Refused

OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True)
class Migration:
    """A file `<version>_<name>.sql` of `supabase/migrations/`."""

    version: str
    name: str
    path: Path


def migrate(url: str, on_step: Callable[[str], None] = lambda step: None) -> list[str]:
    """Brings a database up to date; answers the versions applied now, oldest first.

    Each file is one transaction together with its record; migrators wait for each other. `on_step`
    is told what is about to be done.

    Raises:
        ConfigurationError: the SQL files are not where the code is.
        DatabaseUnavailable: the server cannot be reached.
        Refused: Postgres is too old, or the database is newer than this code, or a file failed
            (then nothing of that file was done).
    """
    known = migrations()
    applied: list[str] = []
    with _connected(url) as connection:
        _require_postgres(connection)
        on_step("What Supabase brings")
        _prepare(connection)
        while (done := _apply_next(connection, known, on_step)) is not None:
            applied.append(done)
    return applied


def migrations() -> list[Migration]:
    """The migrations of this code, oldest first."""
    folder = MIGRATION.parent
    named = ((re.fullmatch(r"(\d+)_(.*)\.sql", path.name), path) for path in folder.glob("*.sql"))
    found = [Migration(match[1], match[2], path) for match, path in named if match]
    if not found:
        raise ConfigurationError(
            f"No migrations in {folder}: run CalSync from a checkout, with its folders sql and "
            f"supabase beside {REPOSITORY / 'shared'}"
        )
    return sorted(found, key=lambda migration: int(migration.version))


def _prepare(connection: psycopg.Connection) -> None:
    with connection.transaction():
        _run(connection, SQL / "migrate" / "lock.sql")
        for path in in_order(SQL / "bootstrap"):
            _run(connection, path)
        _run(connection, SQL / "migrate" / "history.sql")


def _apply_next(
    connection: psycopg.Connection, known: list[Migration], on_step: Callable[[str], None]
) -> str | None:
    """Applies the oldest pending migration; None when nothing is pending."""
    with connection.transaction():
        _run(connection, SQL / "migrate" / "lock.sql")
        recorded = _recorded(connection)
        _refuse_newer(recorded - {migration.version for migration in known})
        pending = [migration for migration in known if migration.version not in recorded]
        if not pending:
            return None
        on_step(pending[0].path.name)
        _run(connection, pending[0].path)
        _record(connection, pending[0])
        return pending[0].version


def _recorded(connection: psycopg.Connection) -> set[str]:
    query = (SQL / "migrate" / "recorded.sql").read_bytes()
    return {version for (version,) in connection.execute(query).fetchall()}


def _record(connection: psycopg.Connection, migration: Migration) -> None:
    statements = split_statements(migration.path.read_text(encoding="utf-8"))
    connection.execute(
        (SQL / "migrate" / "record.sql").read_bytes(),
        {"version": migration.version, "name": migration.name, "statements": statements},
    )


def _refuse_newer(unknown: set[str]) -> None:
    if unknown:
        raise Refused(
            f"The database is newer than this CalSync: it has the migrations "
            f"{', '.join(sorted(unknown))}, which are unknown here. Update CalSync."
        )


def _require_postgres(connection: psycopg.Connection) -> None:
    major = connection.info.server_version // 10000
    if major < OLDEST_POSTGRES:
        raise Refused(f"Postgres {OLDEST_POSTGRES} or newer is needed; the server has {major}")


def _run(connection: psycopg.Connection, path: Path) -> None:
    """Runs all statements of a file; an error names the file, and says where in it."""
    try:
        connection.execute(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path} is missing: run CalSync from a checkout") from error
    except psycopg.DatabaseError as error:
        where = f" (line {line})" if (line := _line(error, path)) else ""
        raise Refused(f"{path.name}{where}: {error.diag.message_primary or error}") from error


def _line(error: psycopg.DatabaseError, path: Path) -> int | None:
    position = error.diag.statement_position
    return path.read_text(encoding="utf-8")[: int(position)].count("\n") + 1 if position else None


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error}") from error
    with connection:
        yield connection
