"""Tokens: refreshed once, shared, rotated before use; what MSAL and the network may answer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry
from shared.providers.microsoft import Microsoft, MicrosoftSession
from shared.providers.microsoft_authority import Authority
from shared.providers.microsoft_tokens import Slots
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import (
    ANN,
    DISCOVERY_PATH,
    TOKEN,
    TOKEN_PATH,
    SignIn,
    ignored,
    settings_for,
)
from tests.support.microsoft_emulator import MicrosoftEmulator

CALENDARS_PATH = "/v1.0/me/calendars"
NO_CALENDARS = Answer({"value": []})


def test_one_refresh_serves_all_sessions_of_an_account(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(CALENDARS_PATH, NO_CALENDARS)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: canned_session.list_calendars(), range(8)))
    assert canned.count(TOKEN_PATH) == 1
    assert canned.count(DISCOVERY_PATH) == 1


def test_the_refresh_says_what_msal_says(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(CALENDARS_PATH, NO_CALENDARS)
    canned_session.list_calendars()
    (body,) = (body for _, target, body in canned.asked if target == TOKEN_PATH)
    sent = httpx.QueryParams(body)
    assert (sent["grant_type"], sent["refresh_token"]) == ("refresh_token", "rt-1")
    assert {"https://graph.microsoft.com/Calendars.ReadWrite", "offline_access"} <= set(
        sent["scope"].split()
    )


def test_a_rotated_refresh_token_is_stored_before_what_came_with_it_is_used(
    canned: CannedServer,
) -> None:
    canned.answer(TOKEN_PATH, Answer(TOKEN | {"refresh_token": "rt-2"}))
    canned.answer(CALENDARS_PATH, NO_CALENDARS)
    stored: list[Any] = []

    def store(credentials: Any) -> None:
        assert canned.count(CALENDARS_PATH) == 0
        stored.append(credentials)

    provider = Microsoft(settings_for(canned.url))
    provider.sign_in(ANN, {"refresh_token": "rt-1", "more": 1}, store).list_calendars()
    assert stored == [{"refresh_token": "rt-2", "more": 1}]

    # A session that still holds the old one goes on from it, and stores it as well.
    provider.sign_in(ANN, {"refresh_token": "rt-1"}, stored.append).list_calendars()
    provider.sign_in(ANN, {"refresh_token": "rt-2"}, stored.append).list_calendars()
    assert stored[1:] == [{"refresh_token": "rt-2"}]
    assert canned.count(TOKEN_PATH) == 1
    provider.close()


def test_what_cannot_be_stored_is_not_used(canned: CannedServer) -> None:
    canned.answer(TOKEN_PATH, Answer(TOKEN | {"refresh_token": "rt-2"}))

    def fail(credentials: Any) -> None:
        raise RuntimeError("the database is gone")

    provider = Microsoft(settings_for(canned.url))
    session = provider.sign_in(ANN, {"refresh_token": "rt-1"}, fail)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            session.list_calendars()
    assert canned.count(CALENDARS_PATH) == 0
    provider.close()


def test_a_new_grant_is_not_served_from_the_old_one(canned: CannedServer) -> None:
    canned.answer(CALENDARS_PATH, NO_CALENDARS)
    provider = Microsoft(settings_for(canned.url))
    for refresh_token in ("rt-1", "rt-of-a-new-connection"):
        provider.sign_in(ANN, {"refresh_token": refresh_token}, ignored).list_calendars()
    assert canned.count(TOKEN_PATH) == 2
    provider.close()


def test_a_refused_access_token_is_refreshed_once(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(CALENDARS_PATH, Answer({}, 401), NO_CALENDARS)
    canned.answer(TOKEN_PATH, Answer(TOKEN), Answer(TOKEN | {"access_token": "at-2"}))
    assert canned_session.list_calendars() == []
    canned.answer(CALENDARS_PATH, Answer({}, 401))
    with pytest.raises(Reauthorize):
        canned_session.list_calendars()


def test_an_expired_access_token_is_replaced(emulator: MicrosoftEmulator, sign_in: SignIn) -> None:
    session = sign_in()
    session.list_calendars()
    emulator.expire_access_tokens()
    assert len(session.list_calendars()) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [(50173, "invalid_grant:AADSTS50173"), (50076, "interaction_required:AADSTS50076")],
)
def test_lost_access_asks_for_the_person(
    emulator: MicrosoftEmulator, sign_in: SignIn, number: int, code: str
) -> None:
    session = sign_in()
    emulator.break_refresh_tokens(ANN, number)
    with pytest.raises(Reauthorize) as caught:
        session.list_calendars()
    assert caught.value.code == code


def test_msal_remembers_a_refusal_for_a_minute_and_another_provider_does_not(
    emulator: MicrosoftEmulator, microsoft: Microsoft
) -> None:
    refresh_token = emulator.tokens(ANN)["refresh_token"]
    emulator.break_refresh_tokens(ANN, 50173)
    session = microsoft.sign_in(ANN, {"refresh_token": refresh_token}, ignored)
    with pytest.raises(Reauthorize):
        session.list_calendars()
    emulator.break_refresh_tokens(ANN, None)
    with pytest.raises(Reauthorize):
        session.list_calendars()
    fresh = Microsoft(settings_for(emulator.url))
    assert fresh.sign_in(ANN, {"refresh_token": refresh_token}, ignored).list_calendars()
    fresh.close()


def test_no_refresh_token_is_lost_access(microsoft: Microsoft) -> None:
    with pytest.raises(Reauthorize) as caught:
        microsoft.sign_in(ANN, {}, ignored)
    assert caught.value.code == "no_refresh_token"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer({}, 503), Retry, "provider_unavailable"),
        (Answer({}, 429, {"Retry-After": "1.5"}), QuotaExceeded, "http_429"),
        (Answer(b"<html>"), Retry, "unexpected_answer"),
        (Answer(b"<html>", 404), Retry, "not_found"),
        (Answer({"error": "invalid_client"}, 401), GiveUp, "invalid_client"),
        (Answer(cut=True), Retry, "network"),
        (Answer({"token_type": "Bearer"}), Retry, "unexpected_answer"),
    ],
)
def test_trouble_at_the_token_endpoint(
    canned: CannedServer,
    canned_session: MicrosoftSession,
    answer: Answer,
    error: type[ProviderError],
    code: str,
) -> None:
    canned.answer(TOKEN_PATH, answer)
    with pytest.raises(error) as caught:
        canned_session.list_calendars()
    assert (type(caught.value), caught.value.code) == (error, code)


def test_metadata_that_is_none(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    canned.answer(DISCOVERY_PATH, Answer({"issuer": "i"}))
    with pytest.raises(Retry) as caught:
        canned_session.list_calendars()
    assert caught.value.code == "unexpected_answer"


def test_metadata_is_asked_for_again_after_trouble(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    good = canned._answers[DISCOVERY_PATH][0]
    canned.answer(DISCOVERY_PATH, Answer({}, 503), good)
    canned.answer(CALENDARS_PATH, NO_CALENDARS)
    with pytest.raises(Retry):
        canned_session.list_calendars()
    assert canned_session.list_calendars() == []


def test_an_authority_with_tls_is_asked_as_it_is() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(503)

    settings = settings_for("https://login.x.test")
    with httpx.Client(transport=httpx.MockTransport(answer)) as http, pytest.raises(Retry):
        Authority(settings, http).refresh("rt-1")
    assert asked == [f"https://login.x.test{DISCOVERY_PATH}"]


def test_slots_are_taken_all_at_once() -> None:
    slots = Slots(4)
    seen: list[int] = []
    under_way = 0

    def work(count: int) -> None:
        nonlocal under_way
        with slots.taken(count):
            under_way += count
            seen.append(under_way)
            under_way -= count

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, [1, 2, 4, 2, 1, 3, 4] * 20))
    assert len(seen) == 140
    assert max(seen) <= 4
