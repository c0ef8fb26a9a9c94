"""One Postgres for a whole test session, and databases cloned from a migrated template.

`TEST_DATABASE_URL` (a superuser's URL) names a server to use; `TEST_POSTGRES_BIN` names the folder
of another installation's binaries to embed; otherwise the wheel's Postgres is embedded.
"""

import atexit
import fcntl
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.janitor import DatabaseJanitor

from shared.db import build, embedded

REPOSITORY = build.REPOSITORY
_PREFIX = "calsync-tests-"
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30


@dataclass(frozen=True)
class Session:
    """A test session: its name is in its databases' names, its folder holds the embedded server."""

    folder: Path

    @property
    def name(self) -> str:
        return "calsync_test_" + re.sub(r"\W", "_", self.folder.name.removeprefix(_PREFIX))

    @property
    def data_dir(self) -> Path:
        return self.folder / "postgres"

    @property
    def template(self) -> str:
        return f"{self.name}_template"


@contextmanager
def session() -> Iterator[Session]:
    """Opens a session in the process that controls the tests; its server ends with it."""
    _remove_abandoned_sessions()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_folder()))
    with (folder / "session.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with _temporary_files_in(folder):
                yield Session(folder)
        finally:
            _end(Session(folder))


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Those of the tests, too: servers that sync every file would wait for the disk."""
    if "TMPDIR" in os.environ:
        yield
        return
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None


def server_url(current: Session) -> str:
    """The maintenance database of the session's server, which the first who asks starts."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    binaries = os.environ.get("TEST_POSTGRES_BIN")
    options = replace(embedded.FAST, bin_path=Path(binaries) if binaries else None)
    return embedded.start(current.data_dir, 0, options).url


@contextmanager
def database(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """A database of its own for one test; yields its URL and drops it afterwards.

    Files are copied as they are: blocks that went through the buffers would be logged, too.
    """
    connection = _maintenance(server)
    new, origin = sql.Identifier(name), sql.Identifier(template)
    connection.execute(
        sql.SQL("create database {} template {} strategy file_copy").format(new, origin)
    )
    try:
        yield _url_of(server, name)
    finally:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(new))


@cache
def _maintenance(server: str) -> psycopg.Connection:
    """The connection over which this process makes and drops databases."""
    connection = psycopg.connect(server, autocommit=True)
    atexit.register(connection.close)
    return connection


def unique_name(current: Session) -> str:
    return f"{current.name}_{uuid.uuid4().hex[:12]}"


def ensure_template(server: str, current: Session) -> str:
    """The name of the migrated template database; whoever comes first builds it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (current.template,))
        finished = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", (current.template,)
        ).fetchone()
        if finished is None:
            _build_template(server, current.template)
    return current.template


def load_schema(url: str) -> None:
    """Runs what is in `sql/`, in reading order, in one transaction.

    The files themselves, not the migration made from them: a test sees a change there at once.
    """
    with psycopg.connect(url) as connection:
        for path in (*build.in_order(build.SQL / "bootstrap"), *build.schema_files()):
            connection.execute(path.read_bytes())


def _build_template(server: str, name: str) -> None:
    janitor = _janitor(server, name)
    janitor.drop()
    janitor.init()
    load_schema(_url_of(server, name))
    with janitor.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))


def _janitor(server: str, name: str) -> DatabaseJanitor:
    parts = conninfo_to_dict(server)
    return DatabaseJanitor(
        user=str(parts.get("user", embedded.SUPERUSER)),
        password=parts.get("password"),
        host=str(parts.get("host", embedded.HOST)),
        port=parts.get("port") or 5432,
        maintenance_dbname=str(parts.get("dbname", "postgres")),
        dbname=name,
    )


def _url_of(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _folder() -> Path:
    """In memory where there is room: a clone is hundreds of files, which disks make slowly."""
    return Path(tempfile.gettempdir()) if "TMPDIR" in os.environ or not _has_room() else _MEMORY


def _has_room() -> bool:
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return (
        usable
        and shutil.disk_usage(_MEMORY).free > _ROOM
        and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    )


def _end(finished: Session) -> None:
    if url := os.environ.get("TEST_DATABASE_URL"):
        janitor = _janitor(url, finished.template)
        janitor.as_template = True
        janitor.drop()
    if (server := embedded.serving(finished.data_dir)) is not None:
        embedded.stop(server)
    shutil.rmtree(finished.folder, ignore_errors=True)


def _remove_abandoned_sessions() -> None:
    """Ends the servers of sessions that were killed: their lock is free."""
    for path in _folder().glob(f"{_PREFIX}*/session.lock"):
        with suppress(OSError), path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _end(Session(path.parent))
