"""Servers that serve resources badly, refuse, redirect or cut short."""

import json
import re
from collections.abc import Callable

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry
from shared.model import Deletion, Refusal
from shared.providers import caldav_changes
from shared.providers.caldav_changes import BATCH
from tests.providers.caldav.conftest import Follower
from tests.providers.caldav.lies.lying import XML, always, dav_error, on, put
from tests.support.caldav_servers import PASSWORD, Radicale
from tests.support.lying_proxy import Asked, LyingProxy, Said, name_of, truth


def test_what_multiget_is_silent_about_is_asked_for_alone(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b", "gone")
    ann.follow()
    for name in ("a", "gone"):
        radicale.rewrite(
            f"{calendar}{name}.ics", lambda text: text.replace("SUMMARY:", "SUMMARY:un")
        )

    def silent(asked: Asked, real: Callable[[], Said]) -> Said:
        radicale.delete(f"{calendar}gone.ics")
        return Said(207, '<multistatus xmlns="DAV:"/>', XML)

    proxy.lie = on("calendar-multiget", silent)
    ann.follow()
    assert ann.titles == ["b", "una"]
    etag = radicale.send("GET", f"{calendar}a.ics").headers["ETag"]
    assert ann.etags[f"{calendar}a.ics"] == etag


def test_one_resource_that_cannot_be_served_hides_no_other(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "broken", "c")

    def broken(asked: Asked, real: Callable[[], Said]) -> Said:
        if "calendar-multiget" in asked.body or asked.path.endswith("broken.ics"):
            return Said(500, "Traceback", {"Content-Type": "text/plain"})
        return real()

    proxy.lie = broken
    ann.follow()
    assert ann.titles == ["", "a", "c"]
    refusal = ann.changes[f"{calendar}broken.ics"]
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "unreadable_resource"


def test_an_answer_that_is_no_xml_hides_none_of_its_resources(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")
    proxy.lie = on("calendar-multiget", always(Said(207, "<multistatus>\x01", XML)))
    ann.follow()
    assert ann.titles == ["a", "b"]


def test_the_etag_of_the_data_counts(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a")

    def newer(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = real()
        return Said(
            207, re.sub(r"<getetag>[^<]*<", '<getetag>"newer"<', answer.body), answer.headers
        )

    proxy.lie = on("calendar-multiget", newer)
    ann.follow()
    assert ann.etags == {f"{calendar}a.ics": '"newer"'}


def test_a_listing_that_was_cut_short_deletes_nothing(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")
    ann.follow()
    cursor = json.loads(ann.cursor or "")
    ann.cursor = json.dumps(cursor | {"polls": 1000})
    cut = (
        f'<multistatus xmlns="DAV:"><response><href>{calendar}</href>'
        "<status>HTTP/1.1 507 Insufficient Storage</status></response></multistatus>"
    )

    def short(asked: Asked, real: Callable[[], Said]) -> Said:
        return Said(207, cut, XML) if asked.headers.get("depth") == "1" else real()

    proxy.lie = short
    assert ann.follow() == []
    assert ann.titles == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "error", "code", "wait"),
    [
        (
            Said(401, headers={"WWW-Authenticate": 'Basic realm="x"'}),
            Reauthorize,
            "unauthorized",
            None,
        ),
        (Said(403), GiveUp, "forbidden", None),
        (dav_error(403, "need-privileges"), GiveUp, "forbidden", None),
        (dav_error(403, "quota-not-exceeded"), GiveUp, "quota-not-exceeded", None),
        (dav_error(401, "x"), GiveUp, "x", None),
        (Said(404), Retry, "not_found", None),
        (Said(410), Retry, "not_found", None),
        (Said(429, headers={"Retry-After": "120"}), QuotaExceeded, "too_many_requests", 120.0),
        (Said(429), QuotaExceeded, "too_many_requests", None),
        (Said(503, headers={"Retry-After": "30"}), Retry, "provider_unavailable", 30.0),
        (Said(503), Retry, "provider_unavailable", None),
        (Said(500), Retry, "server_error", None),
        (Said(507), Retry, "provider_unavailable", None),
        (Said(400), GiveUp, "http_400", None),
        (Said(304), Retry, "provider_unavailable", None),
        (Said(200, "<html/>", {"Content-Type": "text/html"}), Retry, "unexpected_answer", None),
        (Said(207, "<multistatus", XML), Retry, "unexpected_answer", None),
        (Said(cut=True), Retry, "network", None),
        (Said(302, headers={"Location": "/elsewhere"}), Retry, "network", None),
        (Said(301, headers={"Location": "http://evil.test/"}), GiveUp, "untrusted_host", None),
    ],
)
def test_refusals(
    ann: Follower,
    proxy: LyingProxy,
    said: Said,
    error: type[ProviderError],
    code: str,
    wait: float | None,
) -> None:
    proxy.lie = always(said)
    with pytest.raises(ProviderError) as caught:
        ann.follow()
    assert type(caught.value) is error
    assert (caught.value.code, caught.value.retry_after) == (code, wait)
    assert ann.calendar not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("broken", ["calendar-multiget", "GET"])
@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(401, headers={"WWW-Authenticate": "Basic"}), Reauthorize),
        (Said(429), QuotaExceeded),
        (Said(503), Retry),
        (Said(cut=True), Retry),
    ],
)
def test_trouble_that_is_not_of_one_resource_stops_the_sync(
    ann: Follower,
    proxy: LyingProxy,
    radicale: Radicale,
    calendar: str,
    broken: str,
    said: Said,
    error: type[ProviderError],
) -> None:
    put(radicale, calendar, "a")

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        if name_of(asked) == broken:
            return said
        return Said(500) if name_of(asked) == "calendar-multiget" else real()

    proxy.lie = lie
    with pytest.raises(error):
        ann.follow()


def test_a_redirect_keeps_method_body_and_password(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a")
    ann.calendar = "/moved/"

    def moved(asked: Asked, real: Callable[[], Said]) -> Said:
        if asked.path == "/moved/":
            return Said(302, headers={"Location": calendar})
        return real()

    proxy.lie = moved
    ann.follow()
    assert ann.titles == ["a"]
    assert {asked.verb for asked in proxy.asked} == {"PROPFIND", "REPORT"}
    assert ann.calls(ann.follow) == 2


def test_a_server_that_wants_a_digest_gets_one(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    basic = radicale.send("OPTIONS", "/").request.headers["Authorization"]

    def digest(asked: Asked, real: Callable[[], Said]) -> Said:
        if asked.headers.get("authorization", "").startswith("Digest "):
            asked.headers["authorization"] = basic
            return real()
        challenge = 'Digest realm="x", nonce="abc", qop="auth", algorithm=MD5'
        return Said(401, headers={"WWW-Authenticate": challenge})

    put(radicale, calendar, "a")
    proxy.lie = digest
    ann.follow()
    assert ann.titles == ["a"]
    assert ann.session.api_calls == len(proxy.asked)


def test_batches_are_bounded(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, *map(str, range(BATCH + 1)))
    ann.follow()
    sizes = [asked.body.count("href>") // 2 for asked in proxy.asked if "multiget" in asked.body]
    assert sizes == [BATCH, 1]


def test_a_new_ctag_without_a_change_is_no_change(ann: Follower, proxy: LyingProxy) -> None:
    ann.follow()
    ann.cursor = json.dumps(json.loads(ann.cursor or "") | {"ctag": "old"})
    assert ann.follow() == []
    assert ann.asked_for_etags == 0
    assert proxy.verbs()[-2:] == ["PROPFIND", "sync-collection"]


def test_many_changes_come_in_pages(ann: Follower, radicale: Radicale, calendar: str) -> None:
    ann.follow()
    put(radicale, calendar, *map(str, range(BATCH + 1)))
    pages = ann.read(ann.cursor)
    assert [(len(page.items), page.last) for page in pages] == [(BATCH, False), (1, True)]


def test_what_is_deleted_between_listing_and_loading_is_gone(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")
    ann.follow()
    radicale.rewrite(f"{calendar}a.ics", lambda text: text.replace("SUMMARY:", "SUMMARY:un"))

    def late(asked: Asked, real: Callable[[], Said]) -> Said:
        radicale.delete(f"{calendar}a.ics")
        return real()

    proxy.lie = on("calendar-multiget", late)
    assert ann.follow() == [Deletion(f"{calendar}a.ics")]
    proxy.lie = truth
    assert ann.follow() == []


def test_servers_without_multiget_are_asked_one_by_one(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")
    proxy.lie = on("calendar-multiget", always(dav_error(403, "supported-report")))
    ann.follow()
    assert ann.titles == ["a", "b"]
    assert proxy.verbs().count("GET") == 2


def test_a_listing_without_a_token_is_no_listing(ann: Follower, proxy: LyingProxy) -> None:
    nothing = (
        '<multistatus xmlns="DAV:"><response><href/><status>x</status></response></multistatus>'
    )
    proxy.lie = on("sync-collection", always(Said(207, nothing, XML)))
    with pytest.raises(Retry) as caught:
        ann.follow()
    assert caught.value.code == "unexpected_answer"


def test_a_server_that_always_has_more_is_believed_for_some_time_only(
    ann: Follower,
    proxy: LyingProxy,
    radicale: Radicale,
    calendar: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(radicale, calendar, "a")
    monkeypatch.setattr(caldav_changes, "MOST_ROUNDS", 3)

    def more(asked: Asked, real: Callable[[], Said]) -> Said:
        cut = f"<response><href>{asked.path}</href><status>HTTP/1.1 507 x</status></response>"
        token = f"<sync-token>{len(proxy.asked)}</sync-token>"
        return Said(207, f'<multistatus xmlns="DAV:">{cut}{token}</multistatus>', XML)

    proxy.lie = on("sync-collection", more)
    ann.follow()
    assert ann.titles == ["a"]
    assert proxy.verbs().count("sync-collection") == 3
