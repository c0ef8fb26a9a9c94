"""`calsync up` as a real process: everything starts, tells, survives, goes on, leaves nothing."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from shared.cli.context import read_variables
from tests.cli.conftest import Run
from tests.support.archive import archive_folder
from tests.support.program import Program, alive, free_ports, processes_about
from tests.support.rig import timed

UP = "What happens from now on"
STOPPED_WITHIN = 30.0
PEOPLE = ["ann@example.test", "ben@example.test", "cleo@example.test"]
OUTLOOK_PEOPLE = ["ann@outlook.test", "dora@outlook.test", "emil@outlook.test"]
CALENDARS = 13
PORTS = (
    *("--port", "--rest-port", "--postgres-port", "--google-port", "--oauth-port"),
    *("--microsoft-port", "--caldav-port"),
)


class Home:
    """A folder to run in, with ports of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.path = folder / "home"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.variables = {"CALSYNC_HOME": str(self.path), **variables}

    def up(self, *options: str, **more: str) -> Program:
        """The command, not yet started; its people rest."""
        ports = [text for name, port in self.ports.items() for text in (name, str(port))]
        return Program(
            self.folder, {**self.variables, **more}, "up", *ports, "--lively", "0", *options
        )

    def google(self, path: str, body: Any = None) -> Any:
        """Asks the Google emulator's control API."""
        url = f"http://127.0.0.1:{self.ports['--google-port']}/_control/{path}"
        return httpx.request("POST" if body else "GET", url, json=body, timeout=30).json()

    def pids(self) -> dict[str, int]:
        """The programs that run, by name."""
        noted = json.loads((self.path / "processes.json").read_text())
        return {name: each["pid"] for name, each in noted.items()}

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        url = read_variables(self.path / "running.env")["DATABASE_URL"]
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()

    def read_completely(self) -> bool:
        """Whether every calendar was read."""
        counted = self.sql("select count(*), count(sync_token) from calendar_sync_states")
        return counted == [(CALENDARS, CALENDARS)]

    def read_since(self, moment: datetime) -> int:
        """How many calendars were read after a moment."""
        ((calendars,),) = self.sql(
            "select count(distinct calendar_id) from calendar_sync_logs "
            f"where status = 'success' and started_at > '{moment.isoformat()}'"
        )
        return int(calendars)

    def is_quiet(self) -> bool:
        """Whether no sync ran for two seconds: first syncs and checks are over."""
        ended = "bool_and(finished_at < now() - interval '2 seconds')"
        return self.sql(f"select {ended} from calendar_sync_logs") == [(True,)]


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


def test_the_demo_person_signs_in_as_printed(home: Home) -> None:
    with home.up() as up:
        up.until_said(UP)
        assert f"sign in as {PEOPLE[0]} with the password" in up.said()
        (line,) = re.findall(r"^curl .*grant_type=password.*$", up.said(), re.MULTILINE)
        session = json.loads(subprocess.check_output([*shlex.split(line), "--silent"]))
        url = f"http://127.0.0.1:{home.ports['--port']}/api/v1/calendar/accounts"
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        accounts = httpx.get(url, headers=headers, timeout=30).json()
        assert {each["provider"] for each in accounts["items"]} == {"google", "microsoft", "caldav"}
        assert httpx.get(url, timeout=30).status_code == 401


def test_ann_has_a_calendar_at_every_provider_and_all_of_them_live(home: Home, run: Run) -> None:
    with home.up() as up:
        up.until_said(UP)
        up.until(home.read_completely)
        up.until(home.is_quiet)
        assert home.sql(
            "select a.provider, a.email, count(c.id), bool_and(s.last_error_code is null)"
            " from calendar_accounts a join auth.users u on u.id = a.user_id"
            " join calendars c on c.account_id = a.id"
            " join calendar_sync_states s on s.calendar_id = c.id"
            " where u.email = 'ann@example.test' group by 1, 2 order by 1"
        ) == [
            ("caldav", "ann@example.test", 1, True),
            ("google", "ann@example.test", 2, True),
            ("microsoft", "ann@outlook.test", 2, True),
        ]
        _edit_by_hand(up)
        for title in ("Made by hand", "Made in Outlook", "Made at home"):
            query = f"select 1 from calendar_events where summary = '{title}'"
            up.until(partial(home.sql, query))
        verified = run("verify", "--all", "--json", CALSYNC_HOME=str(home.path))
        assert verified.exit_code == 0, verified.output
        told = run("status", CALSYNC_HOME=str(home.path)).stdout
        assert all(provider in told for provider in ("google", "microsoft", "caldav"))
        # Busy blocks that are read back in the same sync count as well.
        for line in (
            r"microsoft +ann@outlook.test · Calendar +webhook +\d+ created",
            r"caldav +ann@example.test · Home +polling +\d+ created",
        ):
            up.until(partial(_says, up, line))


def test_its_curl_lines_run_as_they_stand(home: Home) -> None:
    with home.up() as up:
        up.until_said(UP)
        up.until(home.read_completely)
        lines = [line for line in up.said().splitlines() if line.startswith("curl ")]
        answers = [_curl(line) for line in lines]
    session, webhooks, polled, logs, made, made_in_outlook = answers
    assert session["user"]["email"] == PEOPLE[0]
    assert len(webhooks) == CALENDARS
    assert polled["calendars"] == 5
    begun = [log["created_at"] for log in logs]
    assert (len(begun), begun) == (10, sorted(begun, reverse=True))
    assert made["summary"] == "Made by hand"
    assert made_in_outlook["subject"] == "Made in Outlook"


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
        up.until(lambda: _answers(f"http://127.0.0.1:{home.ports['--port']}/readyz"))
        up.until(
            lambda: _answers(f"http://127.0.0.1:{home.ports['--google-port']}/_control/people")
        )
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


def test_two_cannot_share_a_folder(home: Home) -> None:
    with home.up() as first:
        first.until_said(UP)
        with home.up() as second:
            assert second.ended(60) == 2
            assert "Another `calsync up` uses" in second.said()
        assert _answers(f"http://127.0.0.1:{home.ports['--port']}/readyz")


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


def test_calendars_of_a_folder_are_loaded_and_counted(home: Home) -> None:
    folder = archive_folder(home.folder)
    with home.up("--ics", str(folder)) as up:
        up.until_said("Nothing was lost.")
        assert "missing_start" in up.said()


def test_calendars_are_loaded_while_it_runs(home: Home, run: Run) -> None:
    folder = archive_folder(home.folder)
    with home.up() as up:
        up.until_said(UP)
        variables = {"CALSYNC_HOME": str(home.path)}
        result = run("emulate", "--ics", str(folder), "--json", **variables)
        assert result.exit_code == 0, result.output
        fate = json.loads(result.stdout)
        assert fate["imports"] == {
            "files": 1,
            "components": 2,
            "imported": 1,
            "refused": {"missing_start": 1},
        }
        assert (fate["events"], fate["mirrored"]) == (1, 1)
        again = run("emulate", "--ics", str(folder), **variables)
        assert "Nothing was lost." in again.stdout


def _edit_by_hand(up: Program) -> None:
    """Pastes the lines that it printed for that."""
    lines = [line for line in up.said().splitlines() if "Made " in line and "curl" in line]
    assert len(lines) == 3
    for line in lines:
        subprocess.run(["bash", "-c", line], check=True, capture_output=True)


def _says(up: Program, pattern: str) -> bool:
    return re.search(pattern, up.said()) is not None


def _curl(line: str) -> Any:
    done = subprocess.run(
        [*shlex.split(line), "--silent"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def _noon() -> datetime:
    return datetime(2030, 1, 2, 12, tzinfo=UTC)
