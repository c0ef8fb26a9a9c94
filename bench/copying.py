"""COPY of rows into an identical table: what Postgres takes for them at the least."""

import time
from contextlib import closing

import psycopg
from psycopg import sql

TABLES = ("calendar_events", "event_occurrences", "meetings")
COLUMNS = """
select array_agg(quote_ident(attname) order by attnum) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""


def seconds_to_copy(url: str, table: str, user_id: str) -> float:
    """A binary COPY of a person's rows into a table made `like … including all`."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        (columns,) = connection.execute(COLUMNS, (table,)).fetchone() or ([],)
        names = sql.SQL(", ").join(sql.SQL(name) for name in columns)
        query = sql.SQL("select {} from {} where user_id = {}").format(
            names, sql.Identifier(table), sql.Literal(user_id)
        )
        rows = _copied_out(connection, query)
        twin = sql.Identifier(f"bench_{table}")
        made = sql.SQL("create table {} (like {} including all)")
        connection.execute(made.format(twin, sql.Identifier(table)))
        return _copied_in(connection, sql.SQL("{} ({})").format(twin, names), rows)


def _copied_out(connection: psycopg.Connection, query: sql.Composed) -> list[bytes]:
    with connection.cursor().copy(
        sql.SQL("copy ({}) to stdout (format binary)").format(query)
    ) as copy:
        return [bytes(chunk) for chunk in copy]


def _copied_in(connection: psycopg.Connection, target: sql.Composed, rows: list[bytes]) -> float:
    started = time.perf_counter()
    command = sql.SQL("copy {} from stdin (format binary)").format(target)
    with connection.cursor().copy(command) as copy:
        for chunk in rows:
            copy.write(chunk)
    return time.perf_counter() - started
