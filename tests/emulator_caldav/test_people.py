"""`python -m emulator caldav-people` on a real Radicale."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import recurring_ical_events
from icalendar import Calendar

from emulator.caldav.cli import FOLDER, furnish
from emulator.caldav.collection import Collection
from emulator.caldav.lively import MOST_SAMPLES, PREFIX, Lively
from tests.support.caldav_servers import ANN, PASSWORD, Radicale
from tests.support.postgres import REPOSITORY

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
FURNISHED = ["bins.ics", "dentist.ics", "piano.ics", "visit.ics"]


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with Radicale() as running:
        yield running


@pytest.fixture
def home(server: Radicale) -> Iterator[Collection]:
    with Collection(server.url, ANN, PASSWORD, FOLDER) as collection:
        yield collection
    server.send("DELETE", f"/{ANN}/{FOLDER}/")


@contextmanager
def people(server: Radicale, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The program at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "caldav-people", "--url", server.url, *options],
        cwd=REPOSITORY,
        env={"CALDAV_DEMO_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_calendar_is_furnished_once(home: Collection) -> None:
    assert furnish(home, NOW)
    assert home.names() == FURNISHED
    text, etag = home.read("bins.ics")
    assert home.put("bins.ics", text.replace("bins out", "bins back"), etag)
    assert not furnish(home, NOW)
    assert "bins back" in home.read("bins.ics")[0]


def test_one_lesson_is_moved_and_one_is_cancelled(home: Collection) -> None:
    furnish(home, NOW)
    calendar = Calendar.from_ical(home.read("piano.ics")[0])
    lessons = recurring_ical_events.of(calendar).between(NOW, NOW + timedelta(days=28))
    assert sorted(lesson.start.day for lesson in lessons) == [8, 15, 26]
    assert {lesson.start.hour for lesson in lessons} == {17}


def test_every_edit_leaves_another_calendar(home: Collection) -> None:
    furnish(home, NOW)
    lively = Lively(home, seed=3)
    before = _contents(home)
    for _ in range(25):
        assert lively.edit_once(NOW)
        after = _contents(home)
        assert after != before
        before = after
    assert set(FURNISHED) <= set(home.names())


def test_the_calendar_does_not_grow_endlessly(home: Collection) -> None:
    furnish(home, NOW)
    lively = Lively(home)
    for _ in range(150):
        lively.edit_once(NOW)
    assert len([name for name in home.names() if name.startswith(PREFIX)]) <= MOST_SAMPLES + 1


def test_somebody_elses_change_is_not_overwritten(home: Collection) -> None:
    furnish(home, NOW)
    text, etag = home.read("visit.ics")
    assert home.put("visit.ics", text.replace("Grandparents", "Uncle"), etag)
    assert not home.put("visit.ics", text, etag)
    assert not home.put("visit.ics", text)
    assert not home.delete("visit.ics", etag)
    assert "Uncle" in home.read("visit.ics")[0]


def test_it_edits_until_it_is_stopped(server: Radicale, home: Collection) -> None:
    with people(server, "--user", ANN, "--lively", "0.05") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True, "url": home.url}
        _until(lambda: any(name.startswith(PREFIX) for name in home.names()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_refused_password_is_named(server: Radicale) -> None:
    with people(server, "--user", "stranger@x.test") as process:
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "401 Unauthorized" in complaint


def _contents(home: Collection) -> dict[str, str]:
    return {name: home.read(name)[0] for name in home.names()}


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
