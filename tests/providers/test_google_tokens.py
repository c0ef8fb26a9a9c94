"""Access tokens are shared within the process; a rotated refresh token is stored before its use."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.errors import DatabaseUnavailable, Reauthorize
from shared.providers.google import Google, GoogleSession
from shared.providers.google_tokens import Token, TokenMemory
from tests.providers.canned import TOKEN, Answer, CannedServer
from tests.providers.conftest import ANN, SignIn, never_rotated, settings_for
from tests.support.google_emulator import GoogleEmulator

CALENDARS_PATH = "/calendar/v3/users/me/calendarList"


def refreshes(canned: CannedServer) -> int:
    return canned.count("/token")


@pytest.fixture
def canned_google(canned: CannedServer) -> Iterator[Google]:
    canned.answer(CALENDARS_PATH, Answer({"items": []}))
    provider = Google(settings_for(canned.url), timeout_seconds=5.0)
    yield provider
    provider.close()


def use(google: Google, account: str, refresh_token: str) -> None:
    session = google.sign_in(account, {"refresh_token": refresh_token}, never_rotated)
    session.list_calendars()
    session.close()


def test_sessions_of_an_account_share_an_access_token(
    canned: CannedServer, canned_google: Google
) -> None:
    for _ in range(3):
        use(canned_google, "ann", "rt-1")
    assert refreshes(canned) == 1
    use(canned_google, "bob", "rt-2")
    assert refreshes(canned) == 2


def test_an_account_connected_anew_starts_afresh(
    canned: CannedServer, canned_google: Google
) -> None:
    use(canned_google, "ann", "rt-1")
    use(canned_google, "ann", "rt-2")
    assert refreshes(canned) == 2
    use(canned_google, "ann", "rt-2")
    assert refreshes(canned) == 2


def test_a_token_about_to_expire_is_not_used(canned: CannedServer, canned_google: Google) -> None:
    canned.answer("/token", Answer(TOKEN | {"expires_in": 60}))
    use(canned_google, "ann", "rt-1")
    use(canned_google, "ann", "rt-1")
    assert refreshes(canned) == 2


def test_sessions_refused_at_once_refresh_once(canned: CannedServer, canned_google: Google) -> None:
    use(canned_google, "ann", "rt-1")
    sessions = [
        canned_google.sign_in("ann", {"refresh_token": "rt-1"}, never_rotated) for _ in range(4)
    ]
    canned.answer("/token", Answer(TOKEN | {"access_token": "at-2"}))
    # None is refused before all of them have asked: each has used the old token.
    together = threading.Barrier(len(sessions))
    refused = [Answer({"error": {"code": 401}}, 401, first=together.wait)] * len(sessions)
    canned.answer(CALENDARS_PATH, *refused, Answer({"items": []}))
    failures: list[Exception] = []

    def read(session: GoogleSession) -> None:
        try:
            session.list_calendars()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=read, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session in sessions:
        session.close()
    assert (failures, refreshes(canned)) == ([], 2)


def test_a_rotated_refresh_token_is_stored_before_it_is_used(
    emulator: GoogleEmulator, google: Google
) -> None:
    emulator.settings(rotate_refresh_tokens=True)
    stored = {"refresh_token": emulator.tokens(ANN)["refresh_token"], "scopes": ["a"]}
    calls_when_stored: list[int] = []
    kept: list[Mapping[str, Any]] = []

    def rotated(credentials: Mapping[str, Any]) -> None:
        kept.append(credentials)
        calls_when_stored.append(emulator.counters()["total"])

    session = google.sign_in(ANN, stored, rotated)
    session.list_calendars()
    emulator.expire_access_tokens()
    session.list_calendars()
    assert calls_when_stored == [0, 2]
    assert [each["scopes"] for each in kept] == [["a"], ["a"]]
    assert len({stored["refresh_token"], *(each["refresh_token"] for each in kept)}) == 3
    session.close()


def test_a_session_with_a_rotated_token_goes_on_with_its_successor(
    emulator: GoogleEmulator, google: Google
) -> None:
    emulator.settings(rotate_refresh_tokens=True)
    stored = {"refresh_token": emulator.tokens(ANN)["refresh_token"]}
    kept: list[Mapping[str, Any]] = []
    early = google.sign_in(ANN, stored, kept.append)
    google_first = google.sign_in(ANN, stored, kept.append)
    google_first.list_calendars()
    early.list_calendars()  # its refresh token is dead by now
    late = google.sign_in(ANN, stored, kept.append)
    late.list_calendars()
    assert len(kept) == 3
    assert len({each["refresh_token"] for each in kept}) == 1
    for session in (early, google_first, late):
        session.close()


def test_a_rotated_token_that_could_not_be_stored_is_stored_later(
    emulator: GoogleEmulator, google: Google
) -> None:
    emulator.settings(rotate_refresh_tokens=True)
    stored = {"refresh_token": emulator.tokens(ANN)["refresh_token"]}

    def fail(credentials: Mapping[str, Any]) -> None:
        raise DatabaseUnavailable

    session = google.sign_in(ANN, stored, fail)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            session.list_calendars()
    assert emulator.counters()["total"] == 0
    session.close()
    kept: list[Mapping[str, Any]] = []
    session = google.sign_in(ANN, stored, kept.append)
    session.list_calendars()
    assert len(kept) == 1
    session.close()


def test_a_failed_refresh_leaves_the_next_session_its_chance(
    emulator: GoogleEmulator, sign_in: SignIn
) -> None:
    emulator.fault("status", status=401, times=2, match={"path_regex": "^/token$"})
    for _ in range(2):
        with pytest.raises(Reauthorize):
            sign_in().list_calendars()
    assert len(sign_in().list_calendars()) == 1


def test_the_memory_forgets_who_was_away_longest() -> None:
    memory = TokenMemory(capacity=2)
    token = Token("at", None, "rt", None)
    for key in ("ann", "bob"):
        memory.of(key).latest = token
    memory.of("ann")
    memory.of("carl")
    assert memory.of("ann").latest is token
    assert memory.of("bob").latest is None


def test_a_token_follows_its_own_grant_only() -> None:
    account = TokenMemory().of("ann")
    assert account.following("rt-2") is None
    account.latest = Token("at", None, refresh_token="rt-2", replaced="rt-1")
    assert account.following("rt-1") is account.following("rt-2") is account.latest
    assert account.following("rt-3") is None
