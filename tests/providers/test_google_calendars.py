"""The calendars of an account, and the connections that carry the calls."""

import httplib2
import pytest

from shared.config import read_settings
from shared.errors import Retry
from shared.providers.base import ListedCalendar
from shared.providers.google import Google, GoogleSession
from shared.providers.google_http import KEPT, HttpPool, calendar_api
from shared.providers.registry import providers
from shared.states import Provider
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN, SignIn, never_rotated, settings_for
from tests.support.google_emulator import GoogleEmulator

CALENDARS_PATH = "/calendar/v3/users/me/calendarList"


def test_each_calendar_is_named_as_the_person_sees_it(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    team = emulator.add_calendar(ANN, "Team", "America/New_York")
    assert session.list_calendars() == [
        ListedCalendar(ANN, ANN, "Europe/Berlin", "owner", is_primary=True),
        ListedCalendar(team, "Team", "America/New_York", "owner", is_primary=False),
    ]


def test_all_pages_of_the_list_are_read(emulator: GoogleEmulator, session: GoogleSession) -> None:
    added = [emulator.add_calendar(ANN, f"Calendar {n}") for n in range(6)]
    emulator.settings(page_size_cap=3)
    assert [each.provider_calendar_id for each in session.list_calendars()] == [ANN, *added]
    assert session.api_calls == 3


@pytest.mark.parametrize(
    ("role", "access"),
    [
        ("owner", "owner"),
        ("writer", "writer"),
        ("reader", "reader"),
        ("freeBusyReader", "free_busy"),
    ],
)
def test_roles_of_shared_calendars(
    emulator: GoogleEmulator, session: GoogleSession, role: str, access: str
) -> None:
    emulator.add_person("bob@x.test")
    shared = emulator.add_calendar("bob@x.test", "Shared")
    emulator.control(f"people/bob@x.test/calendars/{shared}/share", {"email": ANN, "role": role})
    found = {each.provider_calendar_id: each.access_role for each in session.list_calendars()}
    assert found == {ANN: "owner", shared: access}


def test_what_the_wire_may_say_of_a_calendar(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    items = [
        {"id": "a", "summary": "A", "summaryOverride": "My A", "accessRole": "writer"},
        {"id": "b", "accessRole": "writerWithoutPrivateAccess", "timeZone": "Asia/Tokyo"},
        {"id": "c", "accessRole": "owner", "deleted": True},
        {"id": "d", "accessRole": "none"},
        {"id": "e", "accessRole": "reader", "hidden": True},
        {"summary": "no id", "accessRole": "owner"},
    ]
    canned.answer(CALENDARS_PATH, Answer({"items": items}))
    assert canned_session.list_calendars() == [
        ListedCalendar("a", "My A", "UTC", "writer", is_primary=False),
        ListedCalendar("b", "b", "Asia/Tokyo", "writer", is_primary=False),
        ListedCalendar("e", "e", "UTC", "reader", is_primary=False),
    ]
    assert "showHidden=true" in canned.queries(CALENDARS_PATH)[0]


def test_a_connection_serves_one_session_after_the_other(canned: CannedServer) -> None:
    canned.answer(CALENDARS_PATH, Answer({"items": []}))
    google = Google(settings_for(canned.url), timeout_seconds=5.0)
    for _ in range(3):
        session = google.sign_in(ANN, {"refresh_token": "rt"}, never_rotated)
        session.list_calendars()
        session.close()
    google.close()
    assert (canned.count(CALENDARS_PATH), canned.connections) == (3, 1)


def test_a_connection_that_failed_serves_nobody(canned: CannedServer) -> None:
    canned.answer(CALENDARS_PATH, Answer({}, 500), Answer({"items": []}))
    google = Google(settings_for(canned.url), timeout_seconds=5.0)
    session = google.sign_in(ANN, {"refresh_token": "rt"}, never_rotated)
    with pytest.raises(Retry):
        session.list_calendars()
    assert session.list_calendars() == []
    session.close()
    google.close()
    assert canned.connections == 2


def test_the_pool_keeps_only_so_many_connections() -> None:
    pool = HttpPool(timeout_seconds=1.0)
    lent = [pool.borrow() for _ in range(KEPT + 1)]
    assert len({id(http) for http in lent}) == KEPT + 1
    for http in lent:
        pool.give_back(http)
    kept = [pool.borrow() for _ in range(KEPT)]
    assert kept == lent[-2::-1]
    assert pool.borrow() not in lent


def test_a_connection_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 59.0, 59.0, 120.0])
    monkeypatch.setattr("shared.providers.google_http.elapsed", lambda: next(clock))
    pool = HttpPool(timeout_seconds=1.0)
    first = pool.borrow()
    pool.give_back(first)
    assert pool.borrow() is first
    pool.give_back(first)
    assert pool.borrow() is not first


def test_the_description_of_the_api_is_read_once() -> None:
    assert calendar_api("http://127.0.0.1:1/") is calendar_api("http://127.0.0.1:1/")
    assert calendar_api("http://127.0.0.1:1/") is not calendar_api("http://127.0.0.1:2/")


def test_connections_are_bounded_in_time() -> None:
    http = HttpPool(timeout_seconds=7.0).borrow()
    assert isinstance(http, httplib2.Http)
    assert http.timeout == 7.0


def test_what_is_configured_is_registered() -> None:
    assert list(providers(read_settings({}))) == [Provider.CALDAV], "it needs no app of ours"
    found = providers(read_settings({"GOOGLE_CLIENT_ID": "c", "GOOGLE_CLIENT_SECRET": "s"}))
    assert set(found) == {Provider.GOOGLE, Provider.CALDAV}
    assert isinstance(found[Provider.GOOGLE], Google)


def test_sessions_of_one_account_are_independent(emulator: GoogleEmulator, sign_in: SignIn) -> None:
    one, other = sign_in(), sign_in()
    one.list_calendars()
    assert (one.api_calls, other.api_calls) == (1, 0)
    one.close()
    assert [each.name for each in other.list_calendars()] == [ANN]
