"""`calsync up` while it runs: what it printed holds, every calendar lives, blocks come at once."""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Run
from tests.cli.upping import CALENDARS, PEOPLE, UP, Home, answers
from tests.support import postgres
from tests.support.program import Program


@dataclass(frozen=True)
class Running:
    """An installation that runs, and has read every calendar."""

    home: Home
    up: Program


@pytest.fixture(scope="module")
def running(
    postgres_server_url: str, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One for those tests that leave it as it is, but for events that they add."""
    with postgres.database(postgres_server_url, f"{database_name}_up") as url:
        home = Home(tmp_path_factory.mktemp("running"), DATABASE_URL=url)
        with home.up() as up:
            up.until_said(UP)
            up.until(home.read_completely)
            yield Running(home, up)


def test_the_demo_person_signs_in_as_printed(running: Running) -> None:
    said = running.up.said()
    assert f"sign in as {PEOPLE[0]} with the password" in said
    (line,) = re.findall(r"^curl .*grant_type=password.*$", said, re.MULTILINE)
    session = json.loads(subprocess.check_output([*shlex.split(line), "--silent"]))
    url = f"http://127.0.0.1:{running.home.ports['--port']}/api/v1/calendar/accounts"
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    accounts = httpx.get(url, headers=headers, timeout=30).json()
    assert {each["provider"] for each in accounts["items"]} == {"google", "microsoft", "caldav"}
    assert httpx.get(url, timeout=30).status_code == 401


def test_ann_has_a_calendar_at_every_provider_and_all_of_them_live(
    running: Running, run: Run
) -> None:
    home, up = running.home, running.up
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
    begun = home.moment()
    _edit_by_hand(up)
    for title in ("Made by hand", "Made in Outlook", "Made at home"):
        query = f"select 1 from calendar_events where summary = '{title}'"
        up.until(partial(home.sql, f"{query} and updated_at > '{begun}'"))
    up.until(home.is_quiet)
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


@pytest.mark.parametrize("source", ["google", "microsoft", "caldav"])
def test_an_event_blocks_the_other_calendars_within_a_second(running: Running, source: str) -> None:
    home, up = running.home, running.up
    up.until(home.is_quiet)
    # A machine that does something else at one moment is no reason: three of five must hold.
    seconds = sorted(_seconds_to_blocks(running, source, number) for number in range(5))
    assert seconds[2] < 1.0, seconds


def test_its_curl_lines_run_as_they_stand(running: Running) -> None:
    lines = [line for line in running.up.said().splitlines() if line.startswith("curl ")]
    answers = [_curl(line) for line in lines]
    session, webhooks, polled, logs, made, made_in_outlook = answers
    assert session["user"]["email"] == PEOPLE[0]
    assert len(webhooks) == CALENDARS
    assert polled["calendars"] == 5
    begun = [log["created_at"] for log in logs]
    assert (len(begun), begun) == (10, sorted(begun, reverse=True))
    assert made["summary"] == "Made by hand"
    assert made_in_outlook["subject"] == "Made in Outlook"


def test_two_cannot_share_a_folder(running: Running) -> None:
    with running.home.up() as second:
        assert second.ended(60) == 2
        assert "Another `calsync up` uses" in second.said()
    assert answers(f"http://127.0.0.1:{running.home.ports['--port']}/readyz")


def _edit_by_hand(up: Program) -> None:
    """Pastes the lines that it printed for that."""
    lines = [line for line in up.said().splitlines() if "Made " in line and "curl" in line]
    assert len(lines) == 3
    for line in lines:
        subprocess.run(["bash", "-c", line], check=True, capture_output=True)


def _seconds_to_blocks(running: Running, source: str, number: int) -> float:
    """Makes an event of Ann's; how long it took until the blocks were at her other providers."""
    home = running.home
    title = f"Urgent {source} {number}"
    hour = {"google": 6, "microsoft": 7, "caldav": 8}[source]
    start = (datetime.now(UTC) + timedelta(days=3 + number)).replace(hour=hour, minute=0, second=0)
    written = (
        "select count(distinct t.account_id) from busy_blocks b"
        " join calendar_events e on e.calendar_id = b.source_calendar_id"
        " and e.provider_event_id = b.source_event_key"
        " join calendars t on t.id = b.target_calendar_id"
        f" where e.summary = '{title}' and b.written_at is not null"
    )
    begun = time.perf_counter()
    home.make_event(source, title, start.replace(microsecond=0))
    running.up.until(lambda: home.sql(written) == [(2,)])
    return time.perf_counter() - begun


def _says(up: Program, pattern: str) -> bool:
    return re.search(pattern, up.said()) is not None


def _curl(line: str) -> Any:
    done = subprocess.run(
        [*shlex.split(line), "--silent"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
