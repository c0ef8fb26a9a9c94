"""Ann's four calendars, each on a server that runs once for the session."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from shared.steps.poll import PollRequest, poll
from shared.steps.verify import verify
from tests.conformance.caldav_calendar import CaldavCalendar
from tests.conformance.desk import Desk, open_desk
from tests.conformance.drivers import Calendar
from tests.conformance.google_calendar import GoogleCalendar
from tests.conformance.meeting import WINDOWS_ZONES
from tests.conformance.microsoft_calendar import MicrosoftCalendar
from tests.conformance.rows import Row, mirrored, order
from tests.support.caldav_servers import DavServer, Xandikos
from tests.support.google_emulator import GoogleEmulator
from tests.support.lying_proxy import LyingProxy, truth
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def xandikos_process() -> Iterator[tuple[DavServer, LyingProxy]]:
    with Xandikos() as server, LyingProxy(server.url) as proxy:
        yield server, proxy


@pytest.fixture
def on_google(google: GoogleEmulator) -> GoogleCalendar:
    return GoogleCalendar(google)


@pytest.fixture
def on_graph(microsoft_process: MicrosoftEmulator) -> MicrosoftCalendar:
    microsoft_process.reset()
    return MicrosoftCalendar(microsoft_process)


@pytest.fixture
def on_radicale(radicale_process: tuple[DavServer, LyingProxy]) -> Iterator[CaldavCalendar]:
    yield from on_caldav(*radicale_process, zones={})


@pytest.fixture
def on_xandikos(xandikos_process: tuple[DavServer, LyingProxy]) -> Iterator[CaldavCalendar]:
    """Here Ann writes with Outlook, which calls the zones by their Windows names."""
    yield from on_caldav(*xandikos_process, zones=WINDOWS_ZONES)


def on_caldav(
    server: DavServer, proxy: LyingProxy, zones: Mapping[str, str]
) -> Iterator[CaldavCalendar]:
    """A calendar of this test's own."""
    yield CaldavCalendar(server, proxy, zones)
    proxy.lie = truth
    proxy.asked.clear()
    server.reset()


@pytest.fixture(params=["google", "graph", "radicale", "xandikos"])
def calendar(request: pytest.FixtureRequest) -> Calendar:
    """Ann's calendar, on each of the four; empty."""
    found: Calendar = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def rig(
    database_url: str, google: GoogleEmulator, calendar: Calendar, request: pytest.FixtureRequest
) -> Iterator[Rig]:
    """An installation on a clock that stands still; Ann's account is connected and synced."""
    outlook = isinstance(calendar, MicrosoftCalendar)
    microsoft = request.getfixturevalue("microsoft_process") if outlook else None
    with Rig(database_url, google, microsoft) as installation:
        installation.at(NOW)
        calendar.connect(installation)
        installation.drain()
        yield installation


@pytest.fixture
def desk(rig: Rig, calendar: Calendar) -> Iterator[Desk]:
    """The empty calendar as a worker writes to it."""
    with open_desk(rig, calendar.writing()) as opened:
        yield opened


Check = Callable[..., None]


@pytest.fixture
def holds(rig: Rig) -> Check:
    """`holds(row, …)`: what Ann did reaches the mirror, which then holds just these rows."""

    def check(*expected: Row) -> None:
        poll(rig.service, PollRequest(reason="manual", smart=False))
        rig.drain()
        if any(state["not_before"] for state in rig.rows("calendar_sync_states")):
            # A storm came while it synced: its last notifications are served a second later.
            rig.later(seconds=1)
            rig.drain()
        assert mirrored(rig) == sorted(expected, key=order)
        assert_verified(rig)

    return check


def assert_verified(rig: Rig) -> None:
    """Nothing differs between the mirror and the provider."""
    for row in rig.rows("calendars", removed_at=None):
        found = verify(rig.service, row["id"])
        assert found.drift.count == 0, found.drift
    # What was called off is still shown by some.
    assert {row["reason"] for row in rig.rows("refused_events")} <= {"called_off"}
