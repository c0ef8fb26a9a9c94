"""`calsync up` as a real process: everything starts, tells, survives, goes on, leaves nothing."""

import json
import os
import re
import shutil
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.upping import CALENDARS, OUTLOOK_PEOPLE, PEOPLE, PORTS, UP, Home, answers
from tests.support.archive import archive_folder
from tests.support.program import alive, free_ports, processes_about
from tests.support.rig import timed

STOPPED_WITHIN = 30.0


@pytest.fixture
def home(tmp_path: Path, empty_database_url: str) -> Home:
    """Runs on a database of the test's server, which saves starting another."""
    return Home(tmp_path, DATABASE_URL=empty_database_url)


def test_a_fresh_machine_from_start_to_stop_and_on_again(open_folder: Path) -> None:
    home = Home(open_folder)
    with home.up() as up:
        up.until_said(UP)
        up.until(home.read_completely)
        for account in (
            *(f"google: {email}" for email in PEOPLE),
            *(f"microsoft: {email}" for email in OUTLOOK_PEOPLE),
            "caldav: ann@example.test",
        ):
            assert f"{account} connected" in up.said()
        up.until_said("initial  ", times=CALENDARS)
        up.until(home.is_quiet)
        home.google(f"people/{PEOPLE[0]}/calendars/primary/events", timed("Lunch", _noon()))
        up.until(lambda: home.sql("select 1 from calendar_events where summary = 'Lunch'"))
        up.until_said("webhook  1 created")
        channels = home.sql("select id from webhook_subscriptions order by id")
        people = home.sql("select id from auth.users order by id")
        up.send(signal.SIGINT)
        assert up.ended(STOPPED_WITHIN) == 0
    stopped = datetime.now(UTC)
    assert processes_about(str(home.path)) == []
    assert not (home.path / "running.env").exists()
    assert (home.path / "dev.env").stat().st_mode & 0o777 == 0o600

    with home.up() as up:
        up.until_said(UP)
        assert " connected" not in up.said()
        # What is found is our own busy blocks, where nothing announces them.
        assert re.search(r"caught up: \d+ changes in \d+ calendars", up.said())
        # Those that a busy machine did not read in time are read right afterwards.
        up.until(lambda: home.read_since(stopped) == CALENDARS)
        assert home.sql("select id from auth.users order by id") == people
        assert home.sql("select id from webhook_subscriptions order by id") == channels
        assert home.sql("select count(*) from calendar_sync_logs where trigger = 'initial'") == [
            (CALENDARS,)
        ]
        home.google(f"people/{PEOPLE[0]}/calendars/primary/events", timed("Tea", _noon()))
        up.until(lambda: home.sql("select 1 from calendar_events where summary = 'Tea'"))
        up.send(signal.SIGTERM)
        assert up.ended(STOPPED_WITHIN) == 0
    assert processes_about(str(home.path)) == []


def test_what_dies_is_started_again(home: Home) -> None:
    with home.up() as up:
        up.until_said(UP)
        before = home.pids()
        os.kill(before["functions"], signal.SIGKILL)
        up.until_said("functions was started again")
        os.kill(before["google"], signal.SIGKILL)
        up.until_said("google was started again")
        after = home.pids()
        assert after["functions"] != before["functions"]
        assert after["rest"] == before["rest"]
        up.until(lambda: answers(f"http://127.0.0.1:{home.ports['--port']}/readyz"))
        up.until(lambda: answers(f"http://127.0.0.1:{home.ports['--google-port']}/_control/people"))
        up.send(signal.SIGTERM)
        assert up.ended(STOPPED_WITHIN) == 0
    assert not any(alive(pid) for pid in (*before.values(), *after.values()))
    assert processes_about(str(home.path)) == []


def test_what_a_killed_one_left_behind_is_ended_by_the_next(home: Home) -> None:
    with home.up() as killed:
        killed.until_said(UP)
        left = home.pids()
        killed.send(signal.SIGKILL)
        killed.ended(30)
    assert all(alive(pid) for pid in left.values())
    with home.up() as up:
        up.until_said(UP)
        assert not any(alive(pid) for pid in left.values())
        assert "connected" not in up.said()


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("--port", "functions"),
        ("--rest-port", "REST stand-in"),
        ("--google-port", "Google emulator"),
        ("--microsoft-port", "Microsoft emulator"),
        ("--caldav-port", "Radicale"),
        ("--postgres-port", "Postgres"),
    ],
)
def test_a_port_that_is_taken_is_named_before_anything_starts(
    tmp_path: Path, run: Run, option: str, what: str
) -> None:
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports[option] = taken.getsockname()[1]
        words = [word for name, port in ports.items() for word in (name, str(port))]
        result = run("up", *words, CALSYNC_HOME=str(tmp_path / "home"))
    assert result.exit_code == 2
    assert f"Port {ports[option]} ({what}) on 127.0.0.1 is taken" in result.stderr
    assert option in result.stderr
    assert not (tmp_path / "home" / "postgres").exists()


def test_it_stops_while_it_still_starts(home: Home) -> None:
    with home.up() as up:
        up.until_said("migrations")
        up.send(signal.SIGINT)
        assert up.ended(STOPPED_WITHIN) == 0
    assert processes_about(str(home.path)) == []


def test_a_program_that_cannot_start_is_named_with_its_last_words(home: Home) -> None:
    with home.up(SYNC_WORKERS="0", SUPABASE_JWT_SECRET="x", HOST="192.0.2.1") as up:
        assert up.ended(60) == 1
        assert "functions did not start: Port" in up.said()
        assert "functions.log" in up.said()
    assert processes_about(str(home.path)) == []


def test_calendars_of_folders_are_loaded_at_the_start_and_later(home: Home, run: Run) -> None:
    folder = archive_folder(home.folder)
    with home.up("--ics", str(folder)) as up:
        up.until_said("Nothing was lost.")
        assert "missing_start" in up.said()
        shutil.copy(folder / "one.ics", folder / "two.ics")
        variables = {"CALSYNC_HOME": str(home.path)}
        result = run("emulate", "--ics", str(folder), "--json", **variables)
        assert result.exit_code == 0, result.output
        fate = json.loads(result.stdout)
        assert fate["imports"] == {
            "files": 2,
            "components": 4,
            "imported": 2,
            "refused": {"missing_start": 2},
        }
        assert (fate["events"], fate["mirrored"]) == (2, 2)
        again = run("emulate", "--ics", str(folder), **variables)
        assert "Nothing was lost." in again.stdout


def _noon() -> datetime:
    return datetime(2030, 1, 2, 12, tzinfo=UTC)
