"""What Google refuses and what breaks on the way becomes the error that says what to do."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, ResyncFully, Retry
from shared.providers.google import Google, GoogleSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN, SignIn, never_rotated, pull, settings_for
from tests.support.google_emulator import GoogleEmulator

LIST = {"match": {"method": "events.list"}}
CALENDARS_PATH = "/calendar/v3/users/me/calendarList"


def read(session: GoogleSession) -> object:
    return next(session.fetch_changes(pull(ANN, None, None))).cursor


@pytest.fixture
def impatient(emulator: GoogleEmulator) -> Iterator[GoogleSession]:
    """A session that waits for data no longer than a second and a half."""
    provider = Google(settings_for(emulator.url), timeout_seconds=1.5)
    stored = {"refresh_token": emulator.tokens(ANN)["refresh_token"]}
    session = provider.sign_in(ANN, stored, never_rotated)
    yield session
    session.close()
    provider.close()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "rateLimitExceeded"),
        (429, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (403, "calendarUsageLimitsExceeded"),
        (403, "dailyLimitExceeded"),
    ],
)
def test_quota_asks_for_patience_and_is_never_lost_access(
    emulator: GoogleEmulator, session: GoogleSession, status: int, reason: str
) -> None:
    emulator.fault("status", status=status, reason=reason, retry_after=17, times=1, **LIST)
    with pytest.raises(QuotaExceeded) as caught:
        read(session)
    assert (caught.value.code, caught.value.retry_after) == (reason, 17.0)
    assert read(session) is not None
    assert session.api_calls == 2


def test_the_emulators_own_quota_is_recognised(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    emulator.settings(per_user_per_minute=1)
    read(session)
    with pytest.raises(QuotaExceeded) as caught:
        read(session)
    assert caught.value.code == "userRateLimitExceeded"


@pytest.mark.parametrize(
    ("status", "reason", "error", "code"),
    [
        (400, "badRequest", GiveUp, "badRequest"),
        (401, "authError", Reauthorize, "authError"),
        (403, "forbidden", GiveUp, "forbidden"),
        (403, "insufficientPermissions", Reauthorize, "insufficientPermissions"),
        (404, "notFound", Retry, "not_found"),
        (410, "updatedMinTooLongAgo", ResyncFully, "updatedMinTooLongAgo"),
        (500, "backendError", Retry, "provider_unavailable"),
        (502, "backendError", Retry, "provider_unavailable"),
        (503, "backendError", Retry, "provider_unavailable"),
    ],
)
def test_each_refusal_has_one_meaning(
    emulator: GoogleEmulator,
    session: GoogleSession,
    status: int,
    reason: str,
    error: type[ProviderError],
    code: str,
) -> None:
    emulator.fault("status", status=status, reason=reason, **LIST)
    with pytest.raises(ProviderError) as caught:
        read(session)
    assert (type(caught.value), caught.value.code) == (error, code)


def test_a_refused_access_token_is_replaced_once(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    read(session)
    emulator.expire_access_tokens(email=ANN)
    assert read(session) is not None
    assert session.api_calls == 3  # the refused one counts, the refresh does not


def test_an_access_token_that_is_refused_again_is_lost_access(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    emulator.fault("status", status=401, **LIST)
    with pytest.raises(Reauthorize):
        read(session)
    assert session.api_calls == 2


def test_a_revoked_grant_is_lost_access(emulator: GoogleEmulator, session: GoogleSession) -> None:
    read(session)
    emulator.revoke(ANN)
    with pytest.raises(Reauthorize) as caught:
        read(session)
    assert caught.value.code == "invalid_grant"


def test_a_grant_without_the_scope_is_lost_access(emulator: GoogleEmulator, google: Google) -> None:
    only_list = ["https://www.googleapis.com/auth/calendar.calendarlist.readonly"]
    stored = {"refresh_token": emulator.tokens(ANN, only_list)["refresh_token"]}
    session = google.sign_in(ANN, stored, never_rotated)
    assert len(session.list_calendars()) == 1
    with pytest.raises(Reauthorize) as caught:
        read(session)
    assert caught.value.code == "insufficientPermissions"
    session.close()


def test_a_calendar_that_is_gone_is_tried_again(session: GoogleSession) -> None:
    with pytest.raises(Retry) as caught:
        next(session.fetch_changes(pull("gone@group.calendar.google.com", None, None)))
    assert caught.value.code == "not_found"
    assert not isinstance(caught.value, QuotaExceeded)


def test_a_cut_connection_is_tried_again(emulator: GoogleEmulator, session: GoogleSession) -> None:
    emulator.fault("cut", **LIST)
    with pytest.raises(Retry) as caught:
        read(session)
    assert caught.value.code == "network"
    emulator.clear_faults()
    assert read(session) is not None


def test_a_late_answer_is_never_taken_for_the_next_one(
    emulator: GoogleEmulator, impatient: GoogleSession
) -> None:
    emulator.create_event(
        ANN, {"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}, "summary": "Late"}
    )
    assert len(impatient.list_calendars()) == 1
    emulator.fault("slow", delay_ms=4000, times=1, when="after", **LIST)
    with pytest.raises(Retry) as caught:
        read(impatient)
    assert caught.value.code == "network"
    assert [each.name for each in impatient.list_calendars()] == [ANN]


def test_nobody_listening_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        provider = Google(settings_for(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        session = provider.sign_in(ANN, {"refresh_token": "rt"}, never_rotated)
        with pytest.raises(Retry) as caught:
            read(session)
        assert caught.value.code == "network"
        session.close()
        provider.close()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(
            b"<html>Sign in to the hotel's network</html>", headers={"Content-Type": "text/html"}
        ),
        Answer(b'{"items": ['),
        Answer(b"\xff\xfe"),
        Answer(b""),
        Answer([1, 2]),
    ],
)
def test_an_answer_that_is_not_googles_is_tried_again(
    canned: CannedServer, canned_session: GoogleSession, answer: Answer
) -> None:
    canned.answer(CALENDARS_PATH, answer)
    with pytest.raises(Retry) as caught:
        canned_session.list_calendars()
    assert caught.value.code == "unexpected_answer"


def test_credentials_follow_no_redirect(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(CALENDARS_PATH, Answer({}, 302, {"Location": f"{canned.url}/elsewhere"}))
    with pytest.raises(Retry) as caught:
        canned_session.list_calendars()
    assert caught.value.code == "provider_unavailable"
    assert canned.count("/elsewhere") == 0


@pytest.mark.parametrize(
    ("answer", "error", "code", "retry_after"),
    [
        (Answer({"error": "invalid_grant"}, 400), Reauthorize, "invalid_grant", None),
        (
            Answer({"error": "invalid_grant", "error_subtype": "invalid_rapt"}, 400),
            Reauthorize,
            "invalid_rapt",
            None,
        ),
        (
            Answer({"error": "admin_policy_enforced"}, 400),
            Reauthorize,
            "admin_policy_enforced",
            None,
        ),
        (Answer({"error": "invalid_client"}, 401), GiveUp, "invalid_client", None),
        (Answer({"error": "unauthorized_client"}, 401), GiveUp, "unauthorized_client", None),
        (Answer({"error": "internal_failure"}, 500), Retry, "provider_unavailable", None),
        (Answer(b"<html>Bad gateway</html>", 502), Retry, "provider_unavailable", None),
        (Answer({}, 503, {"Retry-After": "9"}), Retry, "provider_unavailable", 9.0),
        (
            Answer({"error": "rate_limit_exceeded"}, 429, {"Retry-After": "30"}),
            QuotaExceeded,
            "rate_limit_exceeded",
            30.0,
        ),
        (Answer(b"<html>ok</html>"), Retry, "unexpected_answer", None),
        (Answer([]), Retry, "unexpected_answer", None),
        (Answer({"expires_in": 3599}), Retry, "unexpected_answer", None),
        (Answer(cut=True), Retry, "network", None),
    ],
)
def test_the_token_endpoints_refusals(
    canned: CannedServer,
    canned_session: GoogleSession,
    answer: Answer,
    error: type[ProviderError],
    code: str,
    retry_after: float | None,
) -> None:
    canned.answer("/token", answer)
    with pytest.raises(ProviderError) as caught:
        canned_session.list_calendars()
    found = caught.value
    assert (type(found), found.code, found.retry_after) == (error, code, retry_after)
    assert canned_session.api_calls == canned.count(CALENDARS_PATH) == 0


def test_errors_tell_nothing_personal(
    canned: CannedServer, canned_session: GoogleSession, caplog: Any
) -> None:
    detail = {"reason": "forbidden", "message": "ann@x.test may not", "domain": "global"}
    error = {"errors": [detail], "code": 403, "message": "ann@x.test may not"}
    canned.answer("/calendar/v3/calendars/ann%40x.test/events", Answer({"error": error}, 403))
    with caplog.at_level("INFO"), pytest.raises(GiveUp) as caught:
        read(canned_session)
    assert str(caught.value) == "calendar.events.list: Google answered 403 forbidden."
    assert caught.value.__suppress_context__
    assert "x.test" not in caplog.text


def test_a_session_needs_a_refresh_token(google: Google) -> None:
    with pytest.raises(Reauthorize) as caught:
        google.sign_in(ANN, {"scopes": []}, never_rotated)
    assert caught.value.code == "no_refresh_token"


class Interrupt(BaseException):
    """As a signal handler may raise it."""


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """Gives what interrupts the test, from any thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise Interrupt

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
    signal.signal(signal.SIGALRM, before)


def test_an_interrupted_call_leaves_no_answer_behind(
    canned: CannedServer, canned_session: GoogleSession, interrupt: Callable[[], None]
) -> None:
    late = {"items": [{"id": "late", "accessRole": "owner"}]}
    caught = threading.Event()

    def be_late() -> None:
        interrupt()
        caught.wait(5.0)

    canned.answer(CALENDARS_PATH, Answer(late, first=be_late), Answer({"items": []}))
    with pytest.raises(Interrupt):
        canned_session.list_calendars()
    caught.set()
    assert canned_session.list_calendars() == []


def test_signing_in_asks_nothing(sign_in: SignIn, emulator: GoogleEmulator) -> None:
    assert sign_in().api_calls == 0
    assert emulator.counters()["total"] == 0
