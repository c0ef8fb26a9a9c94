"""From a URL and a password to the calendars of an account."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from shared.errors import GiveUp, InvalidRequest, ProviderError, Reauthorize, Retry
from shared.providers.base import ChannelRequest, ListedCalendar
from shared.providers.caldav import Caldav, CaldavSession
from shared.providers.caldav_connect import PRESETS, caldav_grant, server_url
from tests.providers.caldav.conftest import WINDOW, Follower, SignIn
from tests.providers.caldav.examples import BERLIN, titled, vcalendar, vevent
from tests.support.caldav_servers import ANN, PASSWORD, DavServer, Radicale, Xandikos
from tests.support.lying_proxy import Asked, LyingProxy, Said

XML = {"Content-Type": "text/xml; charset=utf-8"}


@pytest.fixture
def proxy(radicale: Radicale) -> Iterator[LyingProxy]:
    with LyingProxy(radicale.url) as running:
        yield running


def found_by(session: CaldavSession) -> dict[str, ListedCalendar]:
    return {calendar.name: calendar for calendar in session.list_calendars()}


def behind(proxy: LyingProxy, **more: Any) -> dict[str, Any]:
    return {"url": proxy.url, "username": ANN, "password": PASSWORD, **more}


def test_calendars_are_listed_and_can_be_read(server: DavServer, sign_in: SignIn) -> None:
    work = server.add_calendar("work")
    path = server.add_calendar("Ann und Ünal")
    server.put(path, "a.ics", titled("a", "a"))
    session = sign_in(server)
    found = found_by(session)
    assert found["work"] == ListedCalendar(work, "work", "UTC", "owner", is_primary=False)
    ann = Follower(session, found["Ann und Ünal"].provider_calendar_id)
    ann.follow()
    assert ann.titles == ["a"]


def test_zones_are_told_and_calendars_of_tasks_left_out(
    radicale: Radicale, sign_in: SignIn
) -> None:
    radicale.add_calendar("work", time_zone=vcalendar(BERLIN))
    radicale.add_calendar("mixed", ("VEVENT", "VTODO"))
    radicale.add_calendar("tasks", ("VTODO",))
    found = found_by(sign_in(radicale))
    assert {name: each.time_zone for name, each in found.items()} == {
        "work": "Europe/Berlin",
        "mixed": "UTC",
    }


def test_a_calendar_that_is_closed_again_is_listed_no_more(
    radicale: Radicale, sign_in: SignIn
) -> None:
    radicale.add_calendar("work")
    session = sign_in(radicale)
    assert list(found_by(session)) == ["work"]
    radicale.reset()
    assert found_by(session) == {}


@pytest.mark.parametrize(
    ("rights", "role"),
    [
        ("<privilege><read/></privilege>", "reader"),
        ("<privilege><read/></privilege><privilege><write-content/></privilege>", "owner"),
        ('<privilege><x:read-free-busy xmlns:x="urn:ietf:params:xml:ns:caldav"/></privilege>',
         "free_busy"),
    ],
)  # fmt: skip
def test_rights_are_roles(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn, rights: str, role: str
) -> None:
    radicale.add_calendar("work")
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    said = f"<current-user-privilege-set>{rights}</current-user-privilege-set>"
    proxy.lie = replacing(r"<current-user-privilege-set>.*?</current-user-privilege-set>", said)
    assert found_by(session)["work"].access_role == role


def test_a_calendar_of_somebody_else_has_no_owner_here(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    radicale.add_calendar("work")
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    proxy.lie = replacing(r"<owner>.*?</owner>", "<owner><href>/bob/</href></owner>")
    assert found_by(session)["work"].access_role == "writer"

    both = r"<owner>.*?</owner>|<current-user-privilege-set>.*?</current-user-privilege-set>"
    proxy.lie = replacing(both, "")
    assert found_by(session)["work"].access_role == "owner"


def test_where_invitations_go_is_the_primary_calendar(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    work = radicale.add_calendar("work")
    radicale.add_calendar("home")

    def with_inbox(asked: Asked, real: Callable[[], Said]) -> Said:
        if asked.path == "/inbox/":
            return multistatus("/inbox/", f"<c:schedule-default-calendar-URL>{href(work)}"
                               "</c:schedule-default-calendar-URL>")  # fmt: skip
        answer = real()
        inbox = f"<C:schedule-inbox-URL>{href('/inbox/')}</C:schedule-inbox-URL>"
        home = "<C:calendar-home-set>"
        return Said(answer.status, answer.body.replace(home, f"{inbox}{home}"), answer.headers)

    proxy.lie = with_inbox
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    found = found_by(session)
    assert {name: each.is_primary for name, each in found.items()} == {"work": True, "home": False}

    proxy.lie = lambda asked, real: (
        Said(404) if asked.path == "/inbox/" else with_inbox(asked, real)
    )
    found = found_by(session)
    assert {name: each.is_primary for name, each in found.items()} == {"work": False, "home": True}
    proxy.lie = lambda asked, real: (
        Said(503) if asked.path == "/inbox/" else with_inbox(asked, real)
    )
    with pytest.raises(Retry):
        session.list_calendars()


def test_where_no_server_tells_the_first_own_calendar_is_primary(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    for name in ("b", "a", "c"):
        radicale.add_calendar(name)
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    assert primary_of(session) == ["a"]

    # Of somebody else, for writing; then for reading alone.
    read = "<current-user-privilege-set><privilege><read/></privilege>"
    proxy.lie = changing_calendar("a", r"<owner>.*?</owner>", "<owner><href>/bob/</href></owner>")
    assert primary_of(session) == ["b"]
    proxy.lie = replacing("<current-user-privilege-set>.*?(?=</current-user-privilege-set>)", read)
    assert primary_of(session) == []


def test_what_a_server_leaves_open_is_taken_at_its_best(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    radicale.add_calendar("work")
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    proxy.lie = replacing(
        "<C:supported-calendar-component-set>.*?</C:supported-calendar-component-set>", ""
    )
    assert list(found_by(session)) == ["work"]


def test_a_home_on_another_host_names_its_calendars_in_full(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    work = radicale.add_calendar("work")
    radicale.put(work, "a.ics", titled("a", "a"))
    with LyingProxy(radicale.url) as shared:
        two = f"<C:calendar-home-set>{href(f'/{ANN}/')}{href(f'{shared.url}{ANN}/')}"
        proxy.lie = replacing("<C:calendar-home-set>.*?(?=</C:calendar-home-set>)", two)
        session = sign_in(credentials=behind(proxy), rotated=ignored)
        here, there = (each.provider_calendar_id for each in session.list_calendars())
        assert (here, there) == (work, f"{shared.url.rstrip('/')}{work}")
        ann = Follower(session, there)
        ann.follow()
        assert ann.titles == ["a"]


def test_what_was_found_is_stored_once(radicale: Radicale, sign_in: SignIn) -> None:
    stored: list[Mapping[str, Any]] = []
    given = {"url": radicale.url, "username": ANN, "password": PASSWORD}
    session = sign_in(credentials=given, rotated=lambda each: stored.append(dict(each)))
    session.list_calendars()
    session.list_calendars()
    (known,) = stored
    assert [known["principal_url"]] == known["home_urls"]
    assert known["auth_type"] == "basic"
    again = sign_in(credentials=known)  # which must not store anything
    again.list_calendars()
    assert again.api_calls == 2


def test_an_account_that_moved_to_another_host_is_found_again(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    work = radicale.add_calendar("work")
    radicale.put(work, "a.ics", titled("a", "a"))
    with LyingProxy(radicale.url) as partition:
        entrance = partition.url

        def sends_on(asked: Asked, real: Callable[[], Said]) -> Said:
            return Said(301, headers={"Location": f"{entrance.rstrip('/')}{asked.path}"})

        proxy.lie = sends_on
        stored: dict[str, Any] = {}
        session = sign_in(credentials=behind(proxy), rotated=stored.update)
        ids = [each.provider_calendar_id for each in session.list_calendars()]
        assert stored["home_urls"][0].startswith(partition.url)
        proxy.asked.clear()
        ann = Follower(session, ids[0])
        ann.follow()
        assert ann.titles == ["a"]
        assert proxy.asked == []  # the home is asked, not the entrance

        partition.lie = lambda asked, real: Said(404)
        with LyingProxy(radicale.url) as new_home:
            entrance = new_home.url
            assert [each.provider_calendar_id for each in session.list_calendars()] == ids
            assert stored["home_urls"][0].startswith(new_home.url)


def test_one_address_of_the_account_is_oneself(
    proxy: LyingProxy, radicale: Radicale, sign_in: SignIn
) -> None:
    addresses = (
        f"<C:calendar-user-address-set>{href('mailto:Ann@Work.test')}{href('/ann/')}"
        "</C:calendar-user-address-set>"
    )
    proxy.lie = replacing(
        "<C:calendar-user-address-set>.*?</C:calendar-user-address-set>"
        "|<C:calendar-user-address-set ?/>",
        addresses,
    )
    session = sign_in(credentials=behind(proxy), rotated=ignored)
    session.list_calendars()
    invited = vcalendar(vevent("i", "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@work.test"))
    (event,) = session.normalise({"href": "/i.ics", "etag": "", "data": invited}, "UTC", WINDOW)
    assert getattr(event, "self_response", None) == "declined"


def test_there_is_no_push(radicale: Radicale, sign_in: SignIn) -> None:
    session = sign_in(radicale)
    with pytest.raises(GiveUp) as caught:
        session.watch(ChannelRequest("/c/", "id", "https://x.test/", "t", WINDOW.end))
    assert caught.value.code == "push_unsupported"
    session.stop("id", "resource")


def test_a_calendar_on_a_foreign_host_is_not_asked(radicale: Radicale, sign_in: SignIn) -> None:
    session = sign_in(radicale)
    before = session.api_calls
    with pytest.raises(GiveUp) as caught:
        Follower(session, "https://evil.test/calendar/").follow()
    assert caught.value.code == "untrusted_host"
    assert session.api_calls == before


@pytest.mark.parametrize("missing", ["url", "username", "password"])
def test_without_a_password_the_person_is_asked(missing: str) -> None:
    known = {"url": "https://x.test/", "username": ANN, "password": PASSWORD, missing: ""}
    with pytest.raises(Reauthorize):
        Caldav().sign_in("ann", known, ignored)


# -- connecting


@pytest.mark.parametrize("path", ["", ANN, f"{ANN}/work/", "nowhere/"])
def test_nearly_any_url_of_the_server_will_do(radicale: Radicale, path: str) -> None:
    radicale.add_calendar("work")
    granted = caldav_grant(Caldav(), f"{radicale.url}{path}", ANN, PASSWORD)
    assert granted.provider_account_id == f"{radicale.url.split('/')[2]}/{ANN}/"
    assert granted.email == ANN
    assert PASSWORD not in repr(granted)


def test_a_server_that_lets_anyone_in(xandikos: Xandikos) -> None:
    assert xandikos.grant().credentials["home_urls"] == [f"{xandikos.url}{ANN}/calendars/"]


def test_a_refused_password_is_told_before_anything_is_stored(radicale: Radicale) -> None:
    with pytest.raises(InvalidRequest, match="app-specific password") as caught:
        caldav_grant(Caldav(), radicale.url, ANN, "wrong")
    assert "wrong" not in str(caught.value)


def test_a_server_without_caldav(proxy: LyingProxy) -> None:
    proxy.lie = lambda asked, real: Said(405)
    with pytest.raises(InvalidRequest, match="No calendars"):
        caldav_grant(Caldav(), proxy.url, ANN, PASSWORD)
    proxy.lie = lambda asked, real: multistatus(asked.path, "")
    with pytest.raises(InvalidRequest, match="no CalDAV"):
        caldav_grant(Caldav(), proxy.url, ANN, PASSWORD)
    gone = "<response><href>/</href><status>HTTP/1.1 404 Not Found</status></response>"
    nobody = Said(207, f'<multistatus xmlns="DAV:">{gone}</multistatus>', XML)
    proxy.lie = lambda asked, real: nobody
    with pytest.raises(InvalidRequest, match="no CalDAV"):
        caldav_grant(Caldav(), proxy.url, ANN, PASSWORD)


@pytest.mark.parametrize("said", [Said(cut=True), Said(429), Said(503)])
def test_a_server_in_trouble_may_be_tried_again(proxy: LyingProxy, said: Said) -> None:
    proxy.lie = lambda asked, real: said
    with pytest.raises(ProviderError) as caught:
        caldav_grant(Caldav(), proxy.url, ANN, PASSWORD)
    assert isinstance(caught.value, Retry)


@pytest.mark.parametrize("name", PRESETS)
def test_servers_known_by_name(name: str) -> None:
    assert server_url(f" {name.upper()} ") == PRESETS[name]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("cloud.x.test", "https://cloud.x.test"),
        ("https://cloud.x.test/remote.php/dav", "https://cloud.x.test/remote.php/dav"),
        ("http://localhost:5232/", "http://localhost:5232/"),
        ("http://[::1]:5232/", "http://[::1]:5232/"),
    ],
)
def test_urls_that_will_do(written: str, url: str) -> None:
    assert server_url(written) == url


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("http://cloud.x.test/", "use https"),
        ("http://10.0.0.1/", "use https"),
        ("ftp://cloud.x.test/", "https URL"),
        ("https:///", "https URL"),
        ("", "https URL"),
        ("https://ann:secret@cloud.x.test/", "on their own"),
    ],
)
def test_urls_that_will_not_do(written: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem) as caught:
        server_url(written)
    assert "secret" not in str(caught.value)


def ignored(credentials: Mapping[str, Any]) -> None:
    """Takes new credentials and forgets them."""


def primary_of(session: CaldavSession) -> list[str]:
    """The names of the primary calendars."""
    return [each.name for each in session.list_calendars() if each.is_primary]


def changing_calendar(
    name: str, pattern: str, said: str
) -> Callable[[Asked, Callable[[], Said]], Said]:
    """The real answers with another property in what they say of one calendar."""

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = real()
        parts = re.split(r"(?=<response>)", answer.body)
        changed = [
            re.sub(pattern, said, part, flags=re.DOTALL) if f"/{name}/</href>" in part else part
            for part in parts
        ]
        return Said(answer.status, "".join(changed), answer.headers)

    return lie


def href(target: str) -> str:
    return f'<d:href xmlns:d="DAV:">{target}</d:href>'


def multistatus(path: str, properties: str) -> Said:
    return Said(
        207,
        '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>'
        f"{href(path)}<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
        "</d:propstat></d:response></d:multistatus>",
        XML,
    )


def replacing(pattern: str, said: str) -> Callable[[Asked, Callable[[], Said]], Said]:
    """The real answers with another property in them."""

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = real()
        body = re.sub(pattern, said, answer.body, flags=re.DOTALL)
        return Said(answer.status, body, answer.headers)

    return lie
