"""The database fixtures: fresh for each test, cloned from one template."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from shared.db import embedded
from tests.support import postgres


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_database_of_its_own(database_url: str, turn: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE left_behind (turn integer)")
        connection.execute("INSERT INTO left_behind VALUES (%s)", (turn,))


def test_an_empty_database_has_no_relation_of_ours(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()
    assert found == (0,)


def test_a_database_is_dropped_after_use(postgres_server_url: str) -> None:
    with postgres.database(postgres_server_url, "calsync_test_dropped") as url:
        lingering = psycopg.connect(url)
    with psycopg.connect(postgres_server_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname = 'calsync_test_dropped'"
        ).fetchone()
    lingering.close()
    assert found == (0,)


def test_the_server_allows_two_hundred_connections(postgres_server_url: str) -> None:
    with psycopg.connect(postgres_server_url) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("200",)


_ABANDONED = """
import sys
from tests.support import postgres

with postgres.session() as current:
    postgres.server_url(current)
    print(current.folder, flush=True)
    sys.stdin.read()
"""


def test_the_server_of_a_killed_session_is_removed_by_the_next(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    with subprocess.Popen(
        [sys.executable, "-c", _ABANDONED],
        cwd=postgres.REPOSITORY,
        env={**os.environ, "TMPDIR": str(open_folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        left_behind = postgres.Session(Path(killed.stdout.readline().strip()))
        with postgres.session():
            assert embedded.serving(left_behind.data_dir) is not None, "its session lives"
        killed.kill()
    assert embedded.serving(left_behind.data_dir) is not None
    with postgres.session():
        assert embedded.serving(left_behind.data_dir) is None
        assert not left_behind.folder.exists()
