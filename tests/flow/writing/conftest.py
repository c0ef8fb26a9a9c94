"""Ann's three calendars, connected."""

from collections.abc import Iterator

import pytest

from tests.conformance.caldav_calendar import CaldavCalendar
from tests.conformance.google_calendar import GoogleCalendar
from tests.conformance.microsoft_calendar import MicrosoftCalendar
from tests.flow.writing.life import NOW, Life
from tests.support.caldav_servers import DavServer
from tests.support.google_emulator import GoogleEmulator
from tests.support.lying_proxy import LyingProxy, truth
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig


@pytest.fixture
def rig(
    database_url: str, google: GoogleEmulator, microsoft_process: MicrosoftEmulator
) -> Iterator[Rig]:
    """An installation on a clock that stands still; nobody is connected."""
    microsoft_process.reset()
    # The clock stands still: a poll that waits for a retry would wait in vain for all its budget.
    with Rig(database_url, google, microsoft_process, CRON_BUDGET_SECONDS="5") as installation:
        installation.at(NOW)
        yield installation


@pytest.fixture
def life(
    rig: Rig,
    google: GoogleEmulator,
    microsoft_process: MicrosoftEmulator,
    radicale_process: tuple[DavServer, LyingProxy],
) -> Iterator[Life]:
    """Ann's life; her calendars are empty and connected."""
    server, proxy = radicale_process
    calendars = {
        "google": GoogleCalendar(google),
        "graph": MicrosoftCalendar(microsoft_process),
        "radicale": CaldavCalendar(server, proxy, zones={}),
    }
    ann = Life(rig, calendars)
    ann.connect()
    yield ann
    proxy.lie = truth
    proxy.asked.clear()
    server.reset()
