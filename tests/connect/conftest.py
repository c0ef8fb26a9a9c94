"""An installation whose people connect accounts over the web, beside both emulators."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest

from tests.api.people import ENVIRONMENT
from tests.connect.browser import Browser
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

ANN, BEN = "ann@example.test", "ben@example.test"
OUTLOOK = "ann@outlook.test"
EMAILS = {"google": ANN, "microsoft": OUTLOOK}
"""Ann's accounts."""

MakeBrowser = Callable[[str], Browser]


@pytest.fixture
def microsoft(microsoft_process: MicrosoftEmulator) -> MicrosoftEmulator:
    """The emulator with Ann and Ben in it."""
    microsoft_process.reset()
    for email in (OUTLOOK, "ben@outlook.test"):
        microsoft_process.add_person(email)
    return microsoft_process


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, microsoft: MicrosoftEmulator) -> Iterator[Rig]:
    """Nobody is connected yet; no worker runs."""
    for email in (ANN, BEN):
        google.add_person(email)
    more = {
        **ENVIRONMENT,
        "GOOGLE_USERINFO_URL": f"{google.url}/oauth2/v3/userinfo",
        "CALDAV_NETWORKS": "any",
    }
    with Rig(database_url, google, microsoft, **more) as installation:
        installation.reopen(
            GOOGLE_REDIRECT_URI=f"{installation.url}/oauth/google/callback",
            MICROSOFT_REDIRECT_URI=f"{installation.url}/oauth/microsoft/callback",
        )
        yield installation


@pytest.fixture
def browser_of(rig: Rig) -> Iterator[MakeBrowser]:
    """Makes the browser of a person, who signs up."""
    with ExitStack() as opened:
        yield lambda email: opened.enter_context(Browser(rig.url, person(rig, email)))


@pytest.fixture
def browser(browser_of: MakeBrowser) -> Browser:
    """Ann's browser."""
    return browser_of(ANN)


def person(rig: Rig, email: str) -> UUID:
    """The person's id."""
    (row,) = rig.service.database.call("find_or_add_person", email=email)
    return UUID(row["user_id"])
