"""The embedded Postgres: starting, adopting, stopping, and surviving what kills it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from shared.db import embedded, postmaster
from tests.support.postgres import REPOSITORY

_OWNER = """
import sys
from pathlib import Path
from shared.db import embedded

with embedded.running(Path(sys.argv[1]), 0, embedded.FAST) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(open_folder: Path) -> Path:
    """A path with spaces, longer than any unix socket's may be."""
    return open_folder / "my data" / ("long " * 30).strip() / "postgres"


def start_owner(data_dir: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(data_dir)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def url_of(owner: "subprocess.Popen[str]") -> str:
    assert owner.stdout is not None
    return owner.stdout.readline().strip()


def close(owner: "subprocess.Popen[str]") -> int:
    with owner:
        return owner.wait(30)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def test_data_stays_between_starts(data_dir: Path) -> None:
    with embedded.running(data_dir, 0, embedded.DURABLE) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept (id integer)")
        assert ask(server.url, "SHOW fsync") == "on"
        assert ask(server.url, "SHOW synchronous_commit") == "on"
        assert ask(server.url, "SHOW full_page_writes") == "on"
        assert ask(server.url, "SHOW listen_addresses") == "127.0.0.1"
    assert embedded.serving(data_dir) is None
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        assert ask(server.url, "SELECT count(*) FROM kept") == 0
        assert ask(server.url, "SHOW fsync") == "off"


def test_a_served_folder_is_adopted_and_left_running(data_dir: Path) -> None:
    with embedded.running(data_dir, 0, embedded.FAST) as owner:
        with embedded.running(data_dir, 0, embedded.FAST) as guest:
            assert guest == owner
        assert ask(owner.url, "SELECT 1") == 1
    assert embedded.serving(data_dir) is None


def test_a_taken_port_is_named(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(embedded.PortTakenError, match=f"Port {port} on 127.0.0.1 is taken"):
            embedded.start(data_dir, port, embedded.FAST)
    with embedded.running(data_dir, port, embedded.FAST) as server:
        assert server.port == port


def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    options = embedded.ServerOptions((*embedded.FAST.settings, ("no_such_setting", "1")))
    with pytest.raises(embedded.EmbeddedPostgresError, match="no_such_setting"):
        embedded.start(data_dir, 0, options)
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        assert ask(server.url, "SELECT 1") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_with_its_owner(data_dir: Path, number: signal.Signals) -> None:
    owner = start_owner(data_dir)
    url_of(owner)
    # To the whole group, as a terminal does it.
    os.killpg(owner.pid, number)
    assert close(owner) != 0
    assert postmaster.find(data_dir) is None
    assert not (data_dir / "postmaster.pid").exists()


def test_a_server_whose_owner_was_killed_is_taken_over(data_dir: Path) -> None:
    owner = start_owner(data_dir)
    url = url_of(owner)
    owner.kill()
    close(owner)
    assert ask(url, "SELECT 1") == 1
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        assert server.url == url
        assert server.lock is not None
    assert embedded.serving(data_dir) is None


def test_a_killed_server_comes_back_with_what_was_committed(data_dir: Path) -> None:
    server = embedded.start(data_dir, 0, embedded.DURABLE)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS id")
    killed = postmaster.find(data_dir)
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: postmaster.find(data_dir) is None)
    assert (data_dir / "postmaster.pid").exists()
    embedded.stop(server)
    with embedded.running(data_dir, 0, embedded.DURABLE) as again:
        assert ask(again.url, "SELECT id FROM kept") == 7


def test_a_stale_pid_file_naming_another_program_is_not_believed(data_dir: Path) -> None:
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    pid_file = data_dir / "postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert postmaster.find(data_dir) is None
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_an_interrupted_initialisation_is_begun_anew(data_dir: Path) -> None:
    draft = data_dir.with_name("postgres.initialising")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with embedded.running(data_dir, 0, embedded.FAST) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_folder_of_other_things_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "thesis.txt").write_text("precious")
    with pytest.raises(embedded.EmbeddedPostgresError, match="no Postgres data"):
        embedded.start(data_dir, 0, embedded.FAST)
    assert [path.name for path in data_dir.iterdir()] == ["thesis.txt"]


def test_two_starters_at_once_share_one_server(data_dir: Path) -> None:
    owners = [start_owner(data_dir), start_owner(data_dir)]
    urls = {url_of(owner) for owner in owners}
    assert len(urls) == 1
    for owner in owners:
        owner.communicate(timeout=30)
    assert embedded.serving(data_dir) is None
