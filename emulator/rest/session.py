"""One request, one transaction: role, claims and request settings hold for it alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool, PoolTimeout

from emulator.rest import errors
from emulator.rest.auth import Identity
from emulator.rest.schema import EXPOSED
from emulator.rest.sql import Fragment, joined, raw, value


@dataclass(frozen=True)
class Caller:
    """Who asks, and what the database may know of the request (the `request.*` settings)."""

    identity: Identity
    method: str
    path: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True)
class Transaction:
    """What to run: `statement` gives one Outcome, `planned` is only explained, for its size."""

    statement: Fragment
    planned: Fragment | None = None
    read_only: bool = False
    rolled_back: bool = False
    #: Raises when the number of rows is not what the client allows: then nothing is changed.
    check_rows: Callable[[int], None] = field(default=lambda _rows: None)


@dataclass(frozen=True)
class Outcome:
    """What a statement gave; `planned_total` is the planner's guess where it was asked for."""

    body: str | None
    rows: int
    total: int | None
    inserted: int | None
    location: list[str] | None
    status: str | None
    headers: str | None
    planned_total: int | None = None


class Sessions:
    """Runs transactions for callers."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def run(self, caller: Caller, wanted: Transaction) -> Outcome:
        """Runs one transaction as the caller.

        Raises:
            RestError: what Postgres or `check_rows` refused; nothing is changed then.
        """
        try:
            with self._pool.connection() as connection:
                # Also puts right what the request before left on this connection.
                connection.read_only = wanted.read_only
                return _run(connection, caller, wanted)
        except (psycopg.Error, PoolTimeout) as error:
            raise errors.from_database(error, caller.identity.authenticated) from error


def _run(connection: psycopg.Connection, caller: Caller, wanted: Transaction) -> Outcome:
    execute(connection, _settings(caller))
    with connection.cursor(row_factory=class_row(Outcome)) as cursor:
        cursor.execute(wanted.statement.text, wanted.statement.values)
        outcome = cursor.fetchone()
    if outcome is None:
        raise errors.RestError(500, "PGRSTX00", "The statement gave no result")
    wanted.check_rows(outcome.rows)
    if wanted.planned is not None:
        outcome = _with_plan(connection, outcome, wanted.planned)
    if wanted.rolled_back:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.rollback()
    return outcome


def execute(connection: psycopg.Connection, fragment: Fragment) -> psycopg.Cursor:
    return connection.execute(fragment.text, fragment.values)


def _settings(caller: Caller) -> Fragment:
    settings = {
        "search_path": f'"{EXPOSED}"',
        "role": caller.identity.role,
        "request.jwt.claims": caller.identity.claims,
        "request.method": caller.method,
        "request.path": caller.path,
        "request.headers": json.dumps(caller.headers),
        "request.cookies": json.dumps(caller.cookies),
    }
    calls = [
        raw("set_config(") + value(key) + raw(", ") + value(text) + raw(", true)")
        for key, text in settings.items()
    ]
    return raw("SELECT ") + joined(", ", calls)


def _with_plan(connection: psycopg.Connection, outcome: Outcome, planned: Fragment) -> Outcome:
    row = execute(connection, raw("EXPLAIN (FORMAT JSON) ") + planned).fetchone()
    guess = int(row[0][0]["Plan"]["Plan Rows"]) if row else None
    return Outcome(**{**outcome.__dict__, "planned_total": guess})
