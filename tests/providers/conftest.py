"""A Google emulator for all tests of the adapter, and a canned server for wire oddities."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from shared.config import GoogleSettings
from shared.model import Window
from shared.providers.base import Pull
from shared.providers.google import Google, GoogleSession
from tests.providers.canned import CannedServer
from tests.support.google_emulator import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, GoogleEmulator

ANN = "ann@x.test"

SignIn = Callable[[], GoogleSession]


def pull(calendar: str, cursor: str | None, page: str | None) -> Pull:
    """What to read; Google needs neither window nor mirror."""
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
    return Pull(calendar, cursor, page, window, mirrored=dict)


@pytest.fixture
def emulator(google_process: GoogleEmulator) -> GoogleEmulator:
    """An empty world in which Ann has an account."""
    google_process.reset()
    google_process.add_person(ANN, "Ann")
    return google_process


@pytest.fixture
def settings(emulator: GoogleEmulator) -> GoogleSettings:
    return settings_for(emulator.url)


@pytest.fixture
def google(settings: GoogleSettings) -> Iterator[Google]:
    provider = Google(settings, timeout_seconds=5.0)
    yield provider
    provider.close()


@pytest.fixture
def sign_in(emulator: GoogleEmulator, google: Google) -> Iterator[SignIn]:
    """Gives sessions of Ann, all from one grant."""
    refresh_token = emulator.tokens(ANN)["refresh_token"]
    sessions: list[GoogleSession] = []

    def sign_in() -> GoogleSession:
        sessions.append(google.sign_in(ANN, {"refresh_token": refresh_token}, never_rotated))
        return sessions[-1]

    yield sign_in
    for session in sessions:
        session.close()


@pytest.fixture
def session(sign_in: SignIn) -> GoogleSession:
    return sign_in()


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with CannedServer() as server:
        yield server


@pytest.fixture
def canned_session(canned: CannedServer) -> Iterator[GoogleSession]:
    """A session whose Google answers what the test dictates."""
    provider = Google(settings_for(canned.url), timeout_seconds=5.0)
    session = provider.sign_in(ANN, {"refresh_token": "rt-1"}, never_rotated)
    yield session
    session.close()
    provider.close()


def never_rotated(credentials: object) -> None:
    raise AssertionError("no refresh token was rotated")


def settings_for(url: str) -> GoogleSettings:
    return GoogleSettings(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=REDIRECT_URI,
        api_url=f"{url}/calendar/v3/",
        auth_url=f"{url}/o/oauth2/v2/auth",
        token_url=f"{url}/token",
        revoke_url=f"{url}/revoke",
        userinfo_url=f"{url}/oauth2/v3/userinfo",
    )
