"""A copy of a test's database, taken and put back while nobody is connected."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.support.rig import Rig


class Backup:
    """`with backup(rig, server_url) as kept:` — `kept.take()`, and later `kept.put_back()`."""

    def __init__(self, rig: Rig, server_url: str) -> None:
        self._rig, self._server_url = rig, server_url
        self._original = str(conninfo_to_dict(rig.database_url)["dbname"])
        self._copy = f"{self._original}_backup"

    def take(self) -> None:
        """Copies the database as it is now."""
        self._replace(self._copy, self._original)

    def put_back(self) -> None:
        """The database is what it was then; the installation is opened anew."""
        self._replace(self._original, self._copy)

    def drop(self) -> None:
        """Takes the copy away."""
        self._run(sql.SQL("drop database if exists {}").format(sql.Identifier(self._copy)))

    def _replace(self, target: str, source: str) -> None:
        self._rig.service.database.close()
        end = "select pg_terminate_backend(pid) from pg_stat_activity where datname in ({}, {})"
        drop = "drop database if exists {} with (force)"
        create = "create database {} template {}"
        self._run(
            sql.SQL(end).format(sql.Literal(target), sql.Literal(source)),
            sql.SQL(drop).format(sql.Identifier(target)),
            sql.SQL(create).format(sql.Identifier(target), sql.Identifier(source)),
        )
        self._rig.reopen()

    def _run(self, *commands: sql.Composed) -> None:
        with closing(psycopg.connect(self._server_url, autocommit=True)) as server:
            for command in commands:
                server.execute(command)


@contextmanager
def backup(rig: Rig, server_url: str) -> Iterator[Backup]:
    """A backup of a rig's database, dropped afterwards."""
    kept = Backup(rig, server_url)
    try:
        yield kept
    finally:
        kept.drop()
