"""How far a database is: its version, and the migrations it lacks. Changes nothing."""

from dataclasses import dataclass

import psycopg

from shared.db.build import SQL
from shared.db.migrate import OLDEST_POSTGRES, migrations
from shared.errors import DatabaseUnavailable


@dataclass(frozen=True, slots=True)
class Standing:
    """`version` as people say it (18.4), the pending migrations oldest first."""

    version: str
    too_old: bool
    pending: tuple[str, ...]


def standing(url: str) -> Standing:
    """Looks at a database. Raises `DatabaseUnavailable` when it cannot be reached."""
    try:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            number = connection.info.server_version
            done = _recorded(connection)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error}") from error
    return Standing(
        version=f"{number // 10000}.{number % 10000}",
        too_old=number < OLDEST_POSTGRES * 10000,
        pending=tuple(m.path.name for m in migrations() if m.version not in done),
    )


def _recorded(connection: psycopg.Connection) -> set[str]:
    """The versions of the history table; none where nothing was ever migrated."""
    try:
        rows = connection.execute((SQL / "migrate" / "recorded.sql").read_bytes()).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return set()
    return {version for (version,) in rows}
