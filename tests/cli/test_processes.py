"""`serve`, `worker` and `scheduler` as real processes: ports, signals, unfinished work."""

import signal
import socket
from pathlib import Path
from threading import Event

import httpx
import pytest

from shared.cli.scheduler import Job, run
from shared.errors import DatabaseUnavailable
from tests.cli.conftest import ANN, Installation
from tests.support.program import Program, free_port
from tests.support.rig import timed

STOPPED_WITHIN = 20.0
"""Sooner than the slowest answer that a test has it wait for."""


@pytest.fixture
def port() -> int:
    """Where the functions listen."""
    return free_port()


def _serving(installed: Installation, port: int, **more: str) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    return {**installed.variables, "PORT": str(port), "WEBHOOK_BASE_URL": url, **more}


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_syncs_what_is_announced_and_stops(
    installed: Installation, port: int, tmp_path: Path, number: signal.Signals
) -> None:
    rig = installed.rig
    with Program(tmp_path, _serving(installed, port), "serve") as server:
        server.until(lambda: _ready(port))
        installed.run("renew", "--user", ANN, WEBHOOK_BASE_URL=f"http://127.0.0.1:{port}")
        rig.google.create_event(ANN, timed("Lunch", rig.now()))
        server.until(lambda: rig.titles() == ["Lunch"])
        server.send(number)
        assert server.ended(STOPPED_WITHIN) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_serve_finishes_the_sync_that_runs_when_it_is_stopped(
    installed: Installation, port: int, tmp_path: Path
) -> None:
    rig = installed.rig
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    rig.google.fault("slow", delay_ms=2000, match={"method": "events.list"})
    rig.sql("update calendar_sync_states set due_at = now()")
    with Program(tmp_path, _serving(installed, port), "serve") as server:
        server.until(lambda: rig.count("calendar_sync_logs", status="running"))
        (running,) = rig.rows("calendar_sync_logs", status="running")
        server.send(signal.SIGTERM)
        assert server.ended(STOPPED_WITHIN) == 0
    assert rig.titles() == ["Lunch"]
    assert rig.count("calendar_sync_logs", id=running["id"], status="success") == 1


def test_serve_cuts_off_what_takes_too_long(
    installed: Installation, port: int, tmp_path: Path
) -> None:
    rig = installed.rig
    rig.google.fault("slow", delay_ms=25000, match={"method": "events.list"})
    rig.sql("update calendar_sync_states set due_at = now()")
    with Program(tmp_path, _serving(installed, port), "serve") as server:
        server.until(lambda: rig.count("calendar_sync_logs", status="running"))
        server.send(signal.SIGTERM)
        server.ended(STOPPED_WITHIN)
    rig.google.clear_faults()
    assert rig.state(installed.calendar)["lease_holder"] is not None


def test_serve_names_a_port_that_is_taken(installed: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = installed.run("serve", PORT=str(port))
    assert result.exit_code == 2
    assert f"Port {port} (functions) on 127.0.0.1 is taken by another program" in result.stderr


def test_serve_names_what_is_missing(installed: Installation, port: int) -> None:
    result = installed.run("serve", "--port", str(port), WEBHOOK_SECRET="")
    assert result.exit_code == 2
    assert "WEBHOOK_SECRET is missing" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_syncs_until_it_is_stopped(
    installed: Installation, tmp_path: Path, number: signal.Signals
) -> None:
    rig = installed.rig
    with Program(tmp_path, installed.variables, "worker") as worker:
        rig.google.create_event(ANN, timed("Lunch", rig.now()))
        worker.until(lambda: rig.titles() == ["Lunch"])
        worker.send(number)
        assert worker.ended(STOPPED_WITHIN) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_scheduler_polls_and_maintains_until_it_is_stopped(
    installed: Installation, tmp_path: Path, number: signal.Signals
) -> None:
    rig = installed.rig
    rig.google.fault("drop_notification")
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    rig.sql("update calendar_sync_states set verified_at = null, last_webhook_received = null")
    rig.sql("update webhook_subscriptions set activated_at = now() - interval '7 hours'")
    intervals = ("--polling-interval", "1", "--maintenance-interval", "1")
    with Program(tmp_path, installed.variables, "scheduler", *intervals) as scheduler:
        scheduler.until(lambda: rig.titles() == ["Lunch"])
        scheduler.until_said('"event": "polled"', times=2)
        scheduler.until_said('"event": "maintained"', times=2)
        scheduler.send(number)
        assert scheduler.ended(STOPPED_WITHIN) == 0


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), ZeroDivisionError()])
def test_scheduler_goes_on_after_trouble(trouble: Exception) -> None:
    stopping, rounds = Event(), list[int]()

    def work() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            stopping.set()
        raise trouble

    run((Job("polling", 0.01, work),), stopping)
    assert len(rounds) == 3


def test_scheduler_repeats_each_job_at_its_own_interval() -> None:
    stopping, rounds = Event(), list[str]()

    def often() -> None:
        rounds.append("often")
        if rounds.count("often") == 5:
            stopping.set()

    run((Job("often", 0.01, often), Job("once", 3600, lambda: rounds.append("once"))), stopping)
    assert rounds.count("once") == 1
