"""The two cron workflows: their own steps against a live server."""

import json
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import CRON_SECRET, Rig
from tests.workflows.steps import Run, execute, read_workflow, run_steps

ANN = "ann@example.test"
CRONS = {
    "calendar-polling.yml": "calendar-polling-cron",
    "renew-calendar-watches.yml": "renew-calendar-watches",
}


@pytest.fixture
def rig(database_url: str, google_process: GoogleEmulator) -> Iterator[Rig]:
    """An installation that answers crons within a second."""
    google_process.reset()
    google_process.add_person(ANN, "Ann")
    with Rig(database_url, google_process, CRON_BUDGET_SECONDS="1") as installation:
        yield installation


def run(name: str, folder: Path, url: str, secret: str = CRON_SECRET, **environment: str) -> Run:
    """Runs the one step of a cron workflow with the repository's variable and secret."""
    (step,) = run_steps(read_workflow(name))
    context = {"vars.CALSYNC_FUNCTIONS_URL": url, "secrets.CRON_SECRET": secret}
    done = execute(step, folder, context, RETRY_SECONDS="0.1", **environment)
    assert not secret or secret not in done.output + done.summary
    return done


def functions(rig: Rig) -> str:
    return f"{rig.url}/functions/v1"


def answer_in(done: Run) -> dict[str, Any]:
    """The function's answer, as the summary shows it."""
    block = re.search(r"```json\n(.*)\n```", done.summary)
    assert block is not None
    return dict(json.loads(block[1]))


def test_healthy_push_is_not_polled(rig: Rig, tmp_path: Path) -> None:
    rig.settled(ANN)
    rig.google.create_event(
        ANN, {"summary": "x", "start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    )
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") > 0)
    rig.drain()
    done = run("calendar-polling.yml", tmp_path, functions(rig))
    assert done.status == 0
    assert "### calendar-polling-cron" in done.summary
    answer = answer_in(done)
    assert (answer["calendars"], answer["skipped"], answer["polled"]) == (1, 1, 0)


def test_stale_push_is_polled(rig: Rig, tmp_path: Path) -> None:
    rig.settled(ANN)
    rig.later(hours=7)
    done = run("calendar-polling.yml", tmp_path, functions(rig) + "/")
    assert done.status == 0
    answer = answer_in(done)
    assert (answer["calendars"], answer["skipped"], answer["polled"]) == (1, 0, 1)


def test_subscriptions_are_renewed(rig: Rig, tmp_path: Path) -> None:
    rig.settled(ANN)
    rig.later(days=6)
    done = run("renew-calendar-watches.yml", tmp_path, functions(rig))
    assert done.status == 0
    assert answer_in(done)["renewed"] == 1
    assert rig.count("webhook_subscriptions", status="active") == 1


def test_a_poll_that_only_failed_fails_the_run(rig: Rig, tmp_path: Path) -> None:
    rig.settled(ANN)
    rig.later(hours=7)
    rig.google.fault("status", status=503, method="events.list")
    done = run("calendar-polling.yml", tmp_path, functions(rig))
    assert done.status == 1
    assert "::error::calendar-polling-cron: " in done.output
    assert "502" in done.output
    assert answer_in(done)["failed"] == 1


@pytest.mark.parametrize("name", CRONS)
def test_a_wrong_secret_fails_the_run(name: str, rig: Rig, tmp_path: Path) -> None:
    done = run(name, tmp_path, functions(rig), secret="a-wrong-secret")
    assert done.status == 1
    assert "401" in done.output
    assert "Send CRON_SECRET or the service-role key" in done.output
    assert answer_in(done)["title"] == "unauthorized"


@pytest.mark.parametrize("name", CRONS)
def test_a_server_that_is_down_fails_the_run(name: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/functions/v1"
        done = run(name, tmp_path, url)
    assert done.status == 1
    assert re.search(rf"^::error::{CRONS[name]}: .*connect", done.output, re.MULTILINE)


@pytest.mark.parametrize("name", CRONS)
@pytest.mark.parametrize("url", ["", "http://calsync.example.com", "calsync.example.com"])
def test_a_url_without_tls_is_refused_before_the_secret_is_sent(
    name: str, url: str, tmp_path: Path
) -> None:
    done = run(name, tmp_path, url)
    assert done.status == 1
    assert done.output.startswith("::error::Set the repository variable CALSYNC_FUNCTIONS_URL")


@pytest.mark.parametrize("name", CRONS)
def test_a_missing_secret_is_named(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path, "https://calsync.example.com/functions/v1", secret="")
    assert done.status == 1
    assert done.output.startswith("::error::Set the repository secret CRON_SECRET")


def test_no_process_carries_the_secret_in_its_arguments(rig: Rig, tmp_path: Path) -> None:
    told = tmp_path / "arguments"
    spy = tmp_path / "bin" / "curl"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >>"{told}"\nPATH=${{PATH#*:}} exec curl "$@"\n')
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    path = f"{spy.parent}:{Path('/usr/bin')}:{Path('/bin')}"
    done = run("renew-calendar-watches.yml", tmp_path, functions(rig), PATH=path)
    assert done.status == 0
    assert "/functions/v1/renew-calendar-watches" in told.read_text()
    assert CRON_SECRET not in told.read_text()


@pytest.mark.parametrize(
    ("name", "hours"), [("calendar-polling.yml", 6), ("renew-calendar-watches.yml", 12)]
)
def test_schedules(name: str, hours: int) -> None:
    on = read_workflow(name)["on"]
    assert "workflow_dispatch" in on
    ((_, cron),) = on["schedule"][0].items()
    minute, hour, *rest = cron.split()
    assert minute not in ("0", "00", "*", "30")
    assert rest == ["*", "*", "*"]
    assert hour.endswith(f"/{hours}")
