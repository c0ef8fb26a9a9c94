"""The exact requests of writing to CalDAV, and what servers answer that behave in other ways."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry, Stale, Vanished
from shared.model import Draft, When
from shared.providers.base import Outcome, Write, Written
from tests.providers.caldav.conftest import Follower
from tests.providers.caldav.examples import titled
from tests.providers.caldav.lies.lying import XML, always, dav_error, on
from tests.support.caldav_servers import Radicale
from tests.support.lying_proxy import Asked, LyingProxy, Said

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
DRAFT = Draft(When(NINE, NINE + timedelta(hours=1)), "🔒 Board", time_zone="Europe/Berlin")
LATER = replace(DRAFT, summary="Later")
BLOCK = Write(UUID(int=1), f"calsync:b:0a1b2c3d:{'0' * 16}:{1:016x}", DRAFT)
NAME = f"calsync-0a1b2c3d{'0' * 16}{1:016x}.ics"
APPOINTMENT = Write(UUID(int=2), f"calsync:a:0a1b2c3d:{2:032x}", DRAFT)
SABRE = (
    '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\\DAV\\Exception'
    "</s:exception><s:message>No.</s:message>{}</d:error>"
)


def write(ann: Follower, *writes: Write) -> list[Outcome]:
    return list(ann.session.write(ann.calendar, writes))


def written(ann: Follower, one: Write) -> Written:
    (outcome,) = write(ann, one)
    assert outcome.written is not None, outcome.error
    return outcome.written


def error_of(ann: Follower, one: Write) -> ProviderError:
    (outcome,) = write(ann, one)
    assert outcome.error is not None
    return outcome.error


def following(one: Write, known: Written, draft: Draft | None) -> Write:
    return replace(one, draft=draft, provider_event_id=known.provider_event_id, etag=known.etag)


def asked_by(proxy: LyingProxy, do: Callable[[], Any]) -> list[Asked]:
    """The requests that something takes."""
    before = len(proxy.asked)
    do()
    return proxy.asked[before:]


def without_etag(asked: Asked, real: Callable[[], Said]) -> Said:
    """A PUT that is answered as by a server that put the object into its own words."""
    answer = real()
    if asked.verb != "PUT":
        return answer
    return replace(answer, headers={n: v for n, v in answer.headers.items() if n.lower() != "etag"})


# -- the requests


def test_a_create(ann: Follower, proxy: LyingProxy, radicale: Radicale) -> None:
    known: list[Written] = []
    (request,) = asked_by(proxy, lambda: known.append(written(ann, BLOCK)))
    assert (request.verb, request.path) == ("PUT", f"{ann.calendar}{NAME}")
    assert request.headers["if-none-match"] == "*"
    assert request.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "if-match" not in request.headers
    assert "SUMMARY:🔒 Board" in request.body
    etag = radicale.send("GET", f"{ann.calendar}{NAME}").headers["ETag"]
    assert known == [Written(f"{ann.calendar}{NAME}", etag)]


def test_a_block_is_replaced_whole(ann: Follower, proxy: LyingProxy) -> None:
    known = written(ann, BLOCK)
    (update,) = asked_by(proxy, lambda: written(ann, following(BLOCK, known, LATER)))
    assert (update.verb, update.headers["if-match"]) == ("PUT", known.etag)
    assert "if-none-match" not in update.headers
    delete, *_ = asked_by(proxy, lambda: error_of(ann, following(BLOCK, known, None)))
    assert (delete.verb, delete.headers["if-match"]) == ("DELETE", known.etag), "of another version"


def test_without_an_etag_nothing_is_asked_for(ann: Follower, proxy: LyingProxy) -> None:
    """iCloud takes `If-Match: *` for its opposite."""
    known = replace(written(ann, BLOCK), etag="")
    (update,) = asked_by(proxy, lambda: written(ann, following(BLOCK, known, LATER)))
    (delete,) = asked_by(proxy, lambda: write(ann, following(BLOCK, known, None)))
    assert not {"if-match", "if-none-match"} & {*update.headers, *delete.headers}


def test_an_appointment_is_rewritten(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    """One that Ann made herself."""
    path = radicale.put(calendar, "a.ics", titled("a", "Ann's", "X-HERS:stays", "SEQUENCE:3"))
    etag = radicale.send("GET", path).headers["ETag"]
    update = following(APPOINTMENT, Written(path, etag), LATER)
    requests = asked_by(proxy, lambda: written(ann, update))
    assert [each.verb for each in requests] == ["REPORT", "PUT"]
    text = radicale.read(path)
    assert all(f"\r\n{line}\r\n" in text for line in ("X-HERS:stays", "UID:a", "SEQUENCE:4"))
    assert "SUMMARY:Later" in text
    stale = following(APPOINTMENT, Written(path, etag), DRAFT)
    assert isinstance(error_of(ann, stale), Stale)
    requests = asked_by(proxy, lambda: error_of(ann, stale))
    assert [each.verb for each in requests] == ["REPORT"], "nothing is sent in vain"
    blind = replace(stale, etag=None)
    assert written(ann, blind).provider_event_id == path


def test_a_resource_that_cannot_be_read_is_not_rewritten(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    path = radicale.put(calendar, "a.ics", titled("a", "Ann's"))
    etag = radicale.send("GET", path).headers["ETag"]
    proxy.lie = lambda asked, real: (
        replace(real(), body=real().body.replace("BEGIN:VEVENT", "BEGIN:X-EVENT"))
        if asked.verb == "REPORT"
        else real()
    )
    error = error_of(ann, following(APPOINTMENT, Written(path, etag), LATER))
    assert (type(error), error.code) == (GiveUp, "unreadable_resource")


@pytest.mark.parametrize("draft", [LATER, None])
def test_an_instance_of_a_series_is_no_resource(ann: Follower, draft: Draft | None) -> None:
    instance = Written(f"{ann.calendar}a.ics#20261124T090000Z", '"1"')
    error = error_of(ann, following(APPOINTMENT, instance, draft))
    assert (type(error), error.code) == (GiveUp, "instance")


def test_a_calendar_of_a_foreign_host_is_told_nothing(ann: Follower) -> None:
    before = ann.session.api_calls
    with pytest.raises(GiveUp) as caught:
        list(ann.session.write("https://evil.test/calendar/", [BLOCK]))
    assert caught.value.code == "untrusted_host"
    assert ann.session.api_calls == before


# -- servers with other habits


@pytest.mark.parametrize("multiget", [True, False])
def test_an_etag_that_is_not_told_is_read(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, multiget: bool
) -> None:
    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        silent = asked.verb == "REPORT" and not multiget
        return Said(501) if silent else without_etag(asked, real)

    proxy.lie = lie
    path = f"{ann.calendar}{NAME}"
    known = written(ann, BLOCK)
    assert known == Written(path, radicale.send("GET", path).headers["ETag"])
    known = written(ann, following(BLOCK, known, LATER))
    assert known == Written(path, radicale.send("GET", path).headers["ETag"])


def test_what_was_changed_before_its_etag_was_read_is_not_as_asked(
    ann: Follower, proxy: LyingProxy, radicale: Radicale
) -> None:
    path = f"{ann.calendar}{NAME}"

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = without_etag(asked, real)
        if asked.verb == "PUT":
            radicale.rewrite(path, lambda text: text.replace("🔒 Board", "Hers"))
        return answer

    proxy.lie = lie
    assert not written(ann, BLOCK).as_asked


def test_what_was_deleted_before_its_etag_was_read_is_gone(
    ann: Follower, proxy: LyingProxy, radicale: Radicale
) -> None:
    known = written(ann, BLOCK)

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = without_etag(asked, real)
        if asked.verb == "PUT":
            radicale.delete(known.provider_event_id)
        return answer

    proxy.lie = lie
    assert isinstance(error_of(ann, following(BLOCK, known, LATER)), Vanished)


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_update_of_what_is_gone(ann: Follower, proxy: LyingProxy, status: int) -> None:
    known = written(ann, BLOCK)
    write(ann, following(BLOCK, known, None))
    proxy.lie = on("PUT", always(Said(status)))
    assert isinstance(error_of(ann, following(BLOCK, known, LATER)), Vanished)
    assert isinstance(error_of(ann, following(APPOINTMENT, known, LATER)), Vanished)


@pytest.mark.parametrize("status", [404, 410, 412])
def test_a_deletion_of_what_is_gone(ann: Follower, proxy: LyingProxy, status: int) -> None:
    known = written(ann, BLOCK)
    write(ann, following(BLOCK, known, None))
    proxy.lie = on("DELETE", always(Said(status)))
    assert write(ann, following(BLOCK, known, None)) == [Outcome(BLOCK.id)]


@pytest.mark.parametrize("body", ["", SABRE.format("<s:header>If-Match</s:header>")])
def test_a_condition_that_failed(ann: Follower, proxy: LyingProxy, body: str) -> None:
    known = written(ann, BLOCK)
    refuse = always(Said(412, body, XML))
    proxy.lie = lambda asked, real: (
        refuse(asked, real) if asked.verb in ("PUT", "DELETE") else real()
    )
    for draft in (LATER, None):
        assert isinstance(error_of(ann, following(BLOCK, known, draft)), Stale)


@pytest.mark.parametrize(
    "said",
    [
        Said(412),
        dav_error(409, "no-uid-conflict"),
        Said(403, '<error xmlns="DAV:"><no-uid-conflict xmlns='
             '"urn:ietf:params:xml:ns:caldav"/></error>', XML),
    ],
)  # fmt: skip
def test_a_uid_that_is_taken_at_another_place(ann: Follower, proxy: LyingProxy, said: Said) -> None:
    proxy.lie = on("PUT", always(said))
    error = error_of(ann, BLOCK)
    assert (type(error), error.code) == (GiveUp, "uid_conflict")


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (Said(403), GiveUp, "forbidden"),
        (dav_error(403, "need-privileges"), GiveUp, "forbidden"),
        (Said(403, SABRE.format(""), XML), GiveUp, "forbidden"),
        (dav_error(403, "max-resource-size"), GiveUp, "max-resource-size"),
        (Said(404), GiveUp, "calendar_not_found"),
        (Said(409), GiveUp, "calendar_not_found"),
        (Said(409, SABRE.format(""), XML), GiveUp, "calendar_not_found"),
        (Said(400), GiveUp, "http_400"),
        (Said(500), Retry, "server_error"),
        (Said(507), Retry, "provider_unavailable"),
    ],
)
def test_a_refused_create(
    ann: Follower, proxy: LyingProxy, said: Said, kind: type, code: str
) -> None:
    proxy.lie = on("PUT", always(said))
    error = error_of(ann, BLOCK)
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(("status", "kind"), [(403, GiveUp), (500, Retry), (423, Retry)])
def test_other_refusals(ann: Follower, proxy: LyingProxy, status: int, kind: type) -> None:
    known = written(ann, BLOCK)
    refuse = always(Said(status))
    proxy.lie = lambda asked, real: (
        refuse(asked, real) if asked.verb in ("PUT", "DELETE") else real()
    )
    for draft in (LATER, None):
        assert type(error_of(ann, following(BLOCK, known, draft))) is kind
    proxy.lie = on("calendar-multiget", refuse)
    assert type(error_of(ann, following(APPOINTMENT, known, LATER))) is kind


@pytest.mark.parametrize("lost", ["calendar-multiget", "GET"])
def test_what_cannot_be_read_now_is_not_taken_for_gone(
    ann: Follower, proxy: LyingProxy, lost: str
) -> None:
    known = written(ann, BLOCK)
    replies = {"calendar-multiget": Said(501), lost: Said(500), "PUT": Said(412)}

    def lie(asked: Asked, real: Callable[[], Said]) -> Said:
        name = "calendar-multiget" if asked.verb == "REPORT" else asked.verb
        return replies.get(name) or real()

    proxy.lie = lie
    error = error_of(ann, following(BLOCK, known, LATER))
    assert (type(error), error.code) == (Retry, "server_error")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(401), Reauthorize),
        (Said(429, headers={"Retry-After": "3"}), QuotaExceeded),
        (Said(cut=True), Retry),
    ],
)
def test_what_concerns_every_write_is_raised(
    ann: Follower, proxy: LyingProxy, said: Said, kind: type
) -> None:
    proxy.lie = on("PUT", always(said))
    before = ann.session.api_calls
    with pytest.raises(kind):
        write(ann, BLOCK, APPOINTMENT)
    assert ann.session.api_calls == before + 1
