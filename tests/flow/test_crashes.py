"""kill -9 of a real worker between any two steps: the mirror is complete afterwards, and the
cursor is never ahead of the data."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.steps.verify import verify
from tests.support.program import Program
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
EVENTS = 600
PAGE = 200

HALTED = (
    "select pid from pg_stat_activity where datname = current_database() "
    "and wait_event = 'advisory'"
)

Worker = Callable[[], Program]


@pytest.fixture(autouse=True)
def _clock(rig: Rig) -> None:
    rig.at(NOW)


@pytest.fixture
def worker(rig: Rig, tmp_path: Path) -> Worker:
    """Makes worker processes on the rig's simulated clock."""
    return lambda: Program(tmp_path, rig.environment, "worker")


def _fill(rig: Rig) -> None:
    start = NOW + timedelta(days=1)
    bodies = [timed(f"Event {n:03}", start + timedelta(hours=n)) for n in range(EVENTS)]
    rig.google.create_events(ANN, bodies)
    rig.google.settings(page_size_cap=PAGE)


def _leased(rig: Rig) -> bool:
    return bool(rig.rows("calendar_sync_states")) and not rig.rows(
        "calendar_sync_states", lease_holder=None
    )


@contextmanager
def _halted(rig: Rig, after: int) -> Iterator[None]:
    """Whoever writes events waits, once the mirror holds `after` of them."""
    rig.sql(
        "create function public.halt() returns trigger language plpgsql as $$ begin "
        f"if (select count(*) from public.calendar_events) >= {after} then "
        "perform pg_advisory_xact_lock(1); end if; return null; end $$"
    )
    rig.sql("create trigger halt before insert on calendar_events execute function public.halt()")
    with psycopg.connect(rig.database_url, autocommit=True) as blocker:
        blocker.execute("select pg_advisory_lock(1)")
        yield


def _check_cursor_is_not_ahead(rig: Rig) -> None:
    for state in rig.rows("calendar_sync_states"):
        if state["sync_token"] is not None:
            assert rig.count("calendar_events", calendar_id=state["calendar_id"]) == EVENTS


def _let_it_finish(rig: Rig, worker: Worker) -> None:
    rig.google.clear_faults()
    rig.later(seconds=rig.service.settings.lease_seconds + 1)
    with worker():
        rig.until(lambda: rig.count("calendar_sync_logs", status="success"))
    (state,) = rig.rows("calendar_sync_states")
    assert state["sync_token"] is not None
    assert rig.count("calendar_events") == EVENTS
    assert rig.count("calendar_sync_logs", status="abandoned") == 1
    calendar: UUID = state["calendar_id"]
    assert verify(rig.service, calendar).drift.count == 0


@pytest.mark.parametrize("page", [1, 2, 3])
def test_killed_while_it_fetches_a_page(rig: Rig, worker: Worker, page: int) -> None:
    _fill(rig)
    rig.connect(ANN)
    # The answer of this page never comes: the worker waits in the network when it dies.
    rig.google.fault("slow", seconds=20, match={"method": "events.list"}, skip=page - 1)
    with worker() as process:
        rig.until(lambda: rig.count("calendar_events") == (page - 1) * PAGE)
        rig.until(lambda: _leased(rig))
        process.send(signal.SIGKILL)
        process.ended(within=30)
    _check_cursor_is_not_ahead(rig)
    assert rig.count("calendar_events") == (page - 1) * PAGE, "committed pages stay"
    rig.google.reset_counters()
    _let_it_finish(rig, worker)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_killed_while_it_applies_a_page(rig: Rig, worker: Worker, page: int) -> None:
    _fill(rig)
    rig.connect(ANN)
    with _halted(rig, after=(page - 1) * PAGE), worker() as process:
        rig.until(lambda: rig.sql(HALTED))
        process.send(signal.SIGKILL)
        process.ended(within=30)
        # What Postgres had begun it ends or undoes as a whole, whoever asked is dead.
        rig.sql(f"select pg_terminate_backend(pid) from ({HALTED}) halted")
        rig.until(lambda: not rig.sql(HALTED))
    _check_cursor_is_not_ahead(rig)
    assert rig.count("calendar_events") == (page - 1) * PAGE
    _let_it_finish(rig, worker)


def test_killed_after_the_last_page_before_it_could_say_so(rig: Rig, worker: Worker) -> None:
    _fill(rig)
    rig.connect(ANN)
    with worker() as process:
        rig.until(lambda: rig.count("calendar_sync_logs", status="success"))
        process.send(signal.SIGKILL)
        process.ended(within=30)
    _check_cursor_is_not_ahead(rig)
    (state,) = rig.rows("calendar_sync_states")
    assert state["sync_token"] is not None
    assert state["last_sync_at"] is not None
    # Its channel said `sync` meanwhile: a second sync may have died with it, whose lease lapses.
    rig.later(seconds=rig.service.settings.lease_seconds + 1)
    with worker():
        rig.until(lambda: rig.count("calendar_sync_states", lease_holder=None))
    assert rig.count("calendar_events") == EVENTS
    assert verify(rig.service, state["calendar_id"]).drift.count == 0


def test_an_acknowledged_notification_survives_kill_9_of_everything(
    rig: Rig, worker: Worker
) -> None:
    calendar = rig.settled(ANN)
    rig.google.create_event(ANN, timed("Acknowledged", NOW + timedelta(days=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    # Everything else is gone now; a worker of a new life finds the row.
    with worker():
        rig.until(lambda: rig.titles() == ["Acknowledged"])
    assert verify(rig.service, calendar).drift.count == 0
