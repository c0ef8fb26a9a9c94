"""A Microsoft emulator for all tests of the adapter, and a canned Graph for wire oddities."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.config import MicrosoftSettings
from shared.model import Change, Page, Window
from shared.providers.base import Pull
from shared.providers.microsoft import Microsoft, MicrosoftSession
from tests.providers.canned import Answer, CannedServer
from tests.support.microsoft_emulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    MicrosoftEmulator,
)

ANN = "ann@x.test"
WINDOW = Window(datetime(2026, 11, 2, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
TOKEN = {"access_token": "at-1", "expires_in": 3599, "token_type": "Bearer"}
TOKEN_PATH = "/organizations/oauth2/v2.0/token"
DISCOVERY_PATH = "/organizations/v2.0/.well-known/openid-configuration"
DELTA_PATH = "/v1.0/me/calendars/cal-1/calendarView/delta"

SignIn = Callable[..., MicrosoftSession]


@pytest.fixture
def emulator(microsoft_process: MicrosoftEmulator) -> MicrosoftEmulator:
    """An empty world in which Ann has an account."""
    microsoft_process.reset()
    microsoft_process.add_person(ANN, "Ann", "Europe/Berlin")
    return microsoft_process


@pytest.fixture
def settings(emulator: MicrosoftEmulator) -> MicrosoftSettings:
    return settings_for(emulator.url)


@pytest.fixture
def microsoft(settings: MicrosoftSettings) -> Iterator[Microsoft]:
    provider = Microsoft(settings, timeout_seconds=5.0)
    yield provider
    provider.close()


@pytest.fixture
def sign_in(emulator: MicrosoftEmulator, microsoft: Microsoft) -> SignIn:
    """Gives sessions of Ann, all from one grant."""
    refresh_token = emulator.tokens(ANN)["refresh_token"]

    def sign_in(rotated: Callable[[Mapping[str, Any]], None] = ignored) -> MicrosoftSession:
        credentials = {"refresh_token": refresh_token, "email": ANN}
        return microsoft.sign_in(ANN, credentials, rotated)

    return sign_in


@pytest.fixture
def session(sign_in: SignIn) -> MicrosoftSession:
    return sign_in()


@pytest.fixture
def calendar(session: MicrosoftSession) -> str:
    """The id of Ann's default calendar."""
    return session.list_calendars()[0].provider_calendar_id


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    """A server whose identity platform gives tokens; Graph answers what the test dictates."""
    with CannedServer() as server:
        # MSAL takes no metadata that names an endpoint without TLS.
        endpoint = server.url.replace("http://", "https://") + TOKEN_PATH
        metadata = {"authorization_endpoint": endpoint, "token_endpoint": endpoint, "issuer": "i"}
        server.answer(DISCOVERY_PATH, Answer(metadata))
        server.answer(TOKEN_PATH, Answer(TOKEN))
        yield server


@pytest.fixture
def canned_session(canned: CannedServer) -> Iterator[MicrosoftSession]:
    provider = Microsoft(settings_for(canned.url), timeout_seconds=5.0)
    yield provider.sign_in(ANN, {"refresh_token": "rt-1", "email": ANN}, ignored)
    provider.close()


def ignored(credentials: Mapping[str, Any]) -> None:
    """Rotations that are of no interest here."""


def settings_for(url: str) -> MicrosoftSettings:
    return MicrosoftSettings(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=REDIRECT_URI,
        graph_url=f"{url}/v1.0",
        authority=f"{url}/organizations",
    )


def pull(calendar: str = "cal-1", cursor: str | None = None, **more: Any) -> Pull:
    """What to read; the mirror is empty unless `more` says otherwise."""
    defaults: dict[str, Any] = {"page": None, "window": WINDOW, "mirrored": dict}
    return Pull(calendar, cursor, **defaults | more)


def read(session: MicrosoftSession, wanted: Pull) -> tuple[list[Change], Page]:
    """All changes of a round, and its last page."""
    pages = list(session.fetch_changes(wanted))
    items = [item for page in pages for item in page.items]
    changes = [change for each in items for change in session.normalise(each, "UTC", WINDOW)]
    return changes, pages[-1]


def event(title: str, day: str = "2026-11-24", **more: Any) -> dict[str, Any]:
    """An hour from ten in Berlin."""
    zone = "W. Europe Standard Time"
    return {
        "subject": title,
        "start": {"dateTime": f"{day}T10:00:00", "timeZone": zone},
        "end": {"dateTime": f"{day}T11:00:00", "timeZone": zone},
        **more,
    }


def weekly(title: str, count: int = 4) -> dict[str, Any]:
    """Some Tuesdays."""
    return event(
        title,
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
            "range": {
                "type": "numbered",
                "startDate": "2026-11-24",
                "numberOfOccurrences": count,
            },
        },
    )
