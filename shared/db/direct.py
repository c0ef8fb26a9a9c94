"""The direct transport: psycopg 3, pooled, fit for a transaction-mode pooler."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from shared.db.database import Row
from shared.db.refusal import refusal
from shared.errors import CalSyncError, DatabaseUnavailable, Refused


class DirectDatabase:
    """Talks to Postgres itself. Prepares no statements and keeps no session state.

    `url` is any libpq connection string; `options=-c calsync.now=...` in it sets the clock.
    """

    def __init__(self, url: str, *, size: int = 8, connect_timeout: float = 10.0) -> None:
        self._pool = ConnectionPool(
            url,
            min_size=0,
            max_size=size,
            timeout=connect_timeout,
            kwargs={"autocommit": True, "prepare_threshold": None},
            open=True,
        )

    def call(self, function: str, **arguments: Any) -> Sequence[Row]:
        """See `Database.call`."""
        query = _calling(function, tuple(arguments))
        rows = self._run(query, {name: _adapted(value) for name, value in arguments.items()})
        # A void function answers one row with one empty column of its own name.
        return [row for row in rows if row.keys() != {function}]

    def read(
        self,
        view: str,
        *,
        where: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Row]:
        """See `Database.read`."""
        where, after = where or {}, after or {}
        tests = [_equal(column, value) for column, value in where.items()]
        tests += [
            sql.SQL("r.{} > {}").format(sql.Identifier(column), sql.Placeholder(f"after_{column}"))
            for column in after
        ]
        query = sql.SQL("select to_jsonb(r) from {} as r{}{}{}").format(
            sql.Identifier("public", view),
            sql.SQL(" where ") + sql.SQL(" and ").join(tests) if tests else sql.SQL(""),
            sql.SQL(" order by ") + sql.SQL(", ").join(map(_ordering, order))
            if order
            else sql.SQL(""),
            sql.SQL(" limit {}").format(sql.Literal(limit)) if limit is not None else sql.SQL(""),
        )
        values = dict(where) | {f"after_{column}": value for column, value in after.items()}
        return self._run(query, values)

    def close(self) -> None:
        """See `Database.close`."""
        self._pool.close()

    def _run(self, query: sql.Composed | bytes, values: Mapping[str, Any]) -> list[Any]:
        with _translated_errors(), self._pool.connection() as connection:
            return [row[0] for row in connection.execute(query, values).fetchall()]


@lru_cache(maxsize=256)
def _calling(function: str, names: tuple[str, ...]) -> bytes:
    """The text of a call; composing it anew would cost a webhook more than checking its token."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name))
        for name in names
    )
    query = sql.SQL("select to_jsonb(r) from (select * from {}({})) as r")
    return query.format(sql.Identifier("public", function), named).as_bytes()


def _adapted(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return Jsonb(value, dumps=lambda document: json.dumps(document, default=_text))
    return value


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _equal(column: str, value: Any) -> sql.Composed:
    if value is None:
        return sql.SQL("r.{} is null").format(sql.Identifier(column))
    return sql.SQL("r.{} = {}").format(sql.Identifier(column), sql.Placeholder(column))


def _ordering(column: str) -> sql.Composed:
    direction = sql.SQL(" desc") if column.startswith("-") else sql.SQL("")
    return sql.SQL("r.{}").format(sql.Identifier(column.removeprefix("-"))) + direction


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _translated(error) from error
    except UnicodeEncodeError as error:
        raise Refused(f"Text that is not Unicode: {error}") from error


def _translated(error: psycopg.Error) -> CalSyncError:
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return DatabaseUnavailable(f"The database cannot be reached: {error}")
    return refusal(error.sqlstate, error.diag.message_primary or str(error))
