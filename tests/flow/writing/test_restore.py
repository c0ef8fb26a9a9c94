"""A database put back to what it was in the morning finds its blocks again."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.flow.writing.life import Life, meeting, utc


@pytest.fixture
def backup(life: Life, postgres_server_url: str) -> Iterator[str]:
    """A name for a copy of the database, dropped afterwards."""
    name = f"{_database(life)}_backup"
    yield name
    with closing(psycopg.connect(postgres_server_url, autocommit=True)) as server:
        server.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def test_a_restored_database_converges_without_doubles(
    life: Life, backup: str, postgres_server_url: str
) -> None:
    first = life["google"].create(meeting("First", day=23, hour=9))
    second = life["google"].create(meeting("Second", day=23, hour=11))
    life.settle()
    _copy(life, postgres_server_url, _database(life), backup)

    life["google"].change(first, meeting("First", day=24, hour=9))
    life["google"].delete(second)
    life["google"].create(meeting("Third", day=25, hour=9))
    life["radicale"].create(meeting("Fourth", day=26, hour=9))
    life.settle()
    after = {name: life.blocks(name) for name in ("google", "graph", "radicale")}
    assert [block.start for block in after["graph"]] == [utc(24, 9), utc(25, 9), utc(26, 9)]

    _copy(life, postgres_server_url, backup, _database(life))
    life.settle()
    life.rig.later(minutes=1)
    life.settle()
    assert {name: life.blocks(name) for name in after} == after, "the very same events"
    life.assert_quiet()


def test_what_was_forgotten_and_is_not_wanted_any_more_goes(
    life: Life, backup: str, postgres_server_url: str
) -> None:
    _copy(life, postgres_server_url, _database(life), backup)
    event = life["google"].create(meeting("Late", day=23, hour=9))
    life.settle()
    assert len(life.blocks("graph")) == 1
    life["google"].delete(event)
    _copy(life, postgres_server_url, backup, _database(life))
    life.settle()
    life.settle()
    life.rig.later(minutes=1)
    life.settle()
    assert [life.blocks(name) for name in ("graph", "radicale")] == [[], []]
    life.assert_quiet()


def _database(life: Life) -> str:
    return str(conninfo_to_dict(life.rig.database_url)["dbname"])


def _copy(life: Life, server_url: str, origin: str, copy: str) -> None:
    """Nobody is connected meanwhile, as when a backup is put back."""
    life.rig.service.database.close()
    with closing(psycopg.connect(server_url, autocommit=True)) as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = any (%s) and pid <> pg_backend_pid()",
            [[origin, copy]],
        )
        drop = sql.SQL("drop database if exists {} with (force)")
        server.execute(drop.format(sql.Identifier(copy)))
        create = sql.SQL("create database {} template {}")
        server.execute(create.format(sql.Identifier(copy), sql.Identifier(origin)))
    life.rig.reopen()
