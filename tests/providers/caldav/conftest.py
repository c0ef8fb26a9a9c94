"""Radicale and Xandikos, one process each for the session; Ann's account on both."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.model import Change, Deletion, Page, Window
from shared.providers.base import Pull
from shared.providers.caldav import Caldav, CaldavSession
from tests.support.caldav_servers import DavServer, Radicale, Xandikos

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))

SignIn = Callable[..., CaldavSession]


@pytest.fixture(scope="session")
def radicale_process() -> Iterator[Radicale]:
    with Radicale() as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_process() -> Iterator[Xandikos]:
    with Xandikos() as server:
        yield server


@pytest.fixture
def radicale(radicale_process: Radicale) -> Iterator[Radicale]:
    """Radicale without calendars."""
    yield radicale_process
    radicale_process.reset()


@pytest.fixture
def xandikos(xandikos_process: Xandikos) -> Iterator[Xandikos]:
    """Xandikos without calendars but its own `calendar`."""
    yield xandikos_process
    xandikos_process.reset()


@pytest.fixture(params=["radicale", "xandikos"])
def server(request: pytest.FixtureRequest) -> DavServer:
    """Each of the servers."""
    found: DavServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def sign_in() -> Iterator[SignIn]:
    """Gives sessions: `sign_in(server)`, or `sign_in(credentials=…, rotated=…)`."""
    sessions: list[CaldavSession] = []
    provider = Caldav()

    def sign_in(
        server: DavServer | None = None,
        credentials: Mapping[str, Any] | None = None,
        rotated: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> CaldavSession:
        known = credentials or (server.grant(provider).credentials if server else {})
        sessions.append(provider.sign_in("ann", known, rotated or never_rotated))
        return sessions[-1]

    yield sign_in
    for session in sessions:
        session.close()


def never_rotated(credentials: object) -> None:
    raise AssertionError("the credentials did not change")


class Follower:
    """Follows one calendar as the steps do: keeps cursor, etags and titles, nothing else."""

    def __init__(self, session: CaldavSession, calendar: str) -> None:
        self.session = session
        self.calendar = calendar
        self.cursor: str | None = None
        self.etags: dict[str, str] = {}
        self.changes: dict[str, Change] = {}
        self.asked_for_etags = 0

    def pull(self, cursor: str | None, page: str | None = None) -> Pull:
        return Pull(self.calendar, cursor, page, WINDOW, self._mirrored)

    def read(self, cursor: str | None, page: str | None = None) -> list[Page]:
        """The pages of a pull; nothing is remembered."""
        return list(self.session.fetch_changes(self.pull(cursor, page)))

    def follow(self) -> list[Change]:
        """Pulls once and remembers; gives the changes."""
        pages = self.read(self.cursor)
        if self.cursor is None:
            self.etags, self.changes = {}, {}
        found = [
            change
            for page in pages
            for item in page.items
            for change in self.session.normalise(item, "UTC", WINDOW)
        ]
        for change in found:
            if isinstance(change, Deletion):
                self.etags.pop(change.provider_event_id, None)
                self.changes.pop(change.provider_event_id, None)
            else:
                self.etags[change.provider_event_id] = change.etag
                self.changes[change.provider_event_id] = change
        self.cursor = pages[-1].cursor
        return found

    @property
    def titles(self) -> list[str]:
        """Titles of what is mirrored, sorted."""
        return sorted(getattr(change, "summary", None) or "" for change in self.changes.values())

    def calls(self, what: Callable[[], object]) -> int:
        """How many requests something takes."""
        before = self.session.api_calls
        what()
        return self.session.api_calls - before

    def _mirrored(self) -> Mapping[str, str]:
        self.asked_for_etags += 1
        return dict(self.etags)
