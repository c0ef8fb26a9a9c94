"""A CalDAV account from its connection to a true mirror, on the real Radicale and Xandikos."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from shared.errors import InvalidRequest
from shared.steps.connect_caldav import connect_caldav
from shared.steps.maintain import slide_windows
from shared.steps.verify import verify
from tests.providers.caldav.examples import titled, vcalendar, vevent
from tests.support.caldav_servers import ANN, PASSWORD, DavServer, Radicale, Xandikos
from tests.support.rig import Rig

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ics"


@pytest.fixture(scope="module", params=[Radicale, Xandikos])
def running(request: pytest.FixtureRequest) -> Iterator[DavServer]:
    with request.param() as server:
        yield server


@pytest.fixture
def server(running: DavServer) -> Iterator[DavServer]:
    yield running
    running.reset()


def connected(rig: Rig, server: DavServer) -> UUID:
    """Ann connects her account; gives her user id."""
    (person,) = rig.service.database.call("find_or_add_person", email=ANN)
    user_id = UUID(person["user_id"])
    connect_caldav(rig.service, user_id, server.url, ANN, PASSWORD)
    return user_id


def drift(rig: Rig) -> dict[str, object]:
    """What differs, by calendar; empty where mirror and server are equal."""
    found = {
        row["name"]: verify(rig.service, row["id"]).drift
        for row in rig.rows("calendars", removed_at=None)
    }
    return {name: each for name, each in found.items() if each.count}


def calendar_id(rig: Rig, path: str) -> UUID:
    (row,) = rig.rows("calendars", provider_calendar_id=path)
    found: UUID = row["id"]
    return found


def test_connected_followed_and_verified(rig: Rig, server: DavServer) -> None:
    rig.at(MIDNIGHT)
    work = server.add_calendar("work")
    server.put(work, "a.ics", titled("a", "First"))
    master = vevent("s", "SUMMARY:Daily", "RRULE:FREQ=DAILY;COUNT=4")
    moved = vevent("s", "SUMMARY:Late", "RECURRENCE-ID:20261125T090000Z")
    series = server.put(work, "s.ics", vcalendar(master, moved))
    connected(rig, server)
    rig.drain()
    calendar = calendar_id(rig, work)
    assert rig.titles() == ["Daily", "First", "Late"]
    assert rig.count("event_occurrences", calendar_id=calendar) == 5
    assert rig.method(calendar) == "polling"
    assert drift(rig) == {}

    server.put(work, "b.ics", titled("b", "Second"))
    server.delete(f"{work}a.ics")
    server.try_put(series, vcalendar(master)).raise_for_status()
    rig.later(minutes=10)
    (applied,) = [each for each in rig.drain() if each.processed]
    assert (applied.created, applied.deleted) == (1, 2)
    assert rig.titles() == ["Daily", "Second"]
    assert rig.count("event_occurrences", calendar_id=calendar) == 5
    assert drift(rig) == {}


def test_it_is_polled_every_five_to_ten_minutes_for_one_request(
    rig: Rig, server: DavServer
) -> None:
    rig.at(MIDNIGHT)
    work = server.add_calendar("work")
    connected(rig, server)
    rig.drain()
    calendar = calendar_id(rig, work)
    for _ in range(3):
        wait = rig.state(calendar)["due_at"] - rig.now()
        assert timedelta(minutes=5) <= wait <= timedelta(minutes=10)
        rig.at(rig.now() + wait)
        rig.drain()
    polls = rig.rows("calendar_sync_logs", calendar_id=calendar, sync_type="incremental")
    assert [poll["api_calls"] for poll in polls] == [1, 1, 1]


def test_a_dead_token_leads_to_a_full_sync_that_loses_nothing(rig: Rig, server: DavServer) -> None:
    rig.at(MIDNIGHT)
    work = server.add_calendar("work")
    for name in ("kept", "gone"):
        server.put(work, f"{name}.ics", titled(name, name))
    connected(rig, server)
    rig.drain()
    calendar = calendar_id(rig, work)
    dead = '{"token": "http://radicale.org/ns/sync/0", "ctag": "old", "polls": 0}'
    rig.sql("update calendar_sync_states set sync_token = %(dead)s", {"dead": dead})
    server.delete(f"{work}gone.ics")
    rig.later(minutes=10)
    rig.drain()
    assert rig.titles() == ["kept"]
    last = rig.sql("select sync_type, status from calendar_sync_logs order by created_at desc")
    assert {row["sync_type"] for row in last} >= {"full", "incremental"}
    assert rig.state(calendar)["last_error_code"] is None
    assert drift(rig) == {}


def test_the_window_slides_without_a_word_to_the_server(rig: Rig, server: DavServer) -> None:
    rig.at(MIDNIGHT)
    work = server.add_calendar("work")
    server.put(work, "s.ics", vcalendar(vevent("s", "SUMMARY:Daily", "RRULE:FREQ=DAILY")))
    connected(rig, server)
    rig.drain()
    calendar = calendar_id(rig, work)
    before = rig.sql("select max(start_at) as at from event_occurrences")[0]["at"]
    rig.at(MIDNIGHT + timedelta(days=60))
    slide_windows(rig.service, limit=10)
    after = rig.sql("select max(start_at) as at from event_occurrences")[0]["at"]
    assert timedelta(days=53) <= after - before <= timedelta(days=67)
    logs = rig.rows("calendar_sync_logs", calendar_id=calendar)
    assert len(logs) == 1
    assert drift(rig) == {}


def test_a_changed_password_asks_the_person(rig: Rig, server: DavServer) -> None:
    if not isinstance(server, Radicale):
        pytest.skip("Xandikos lets anyone in")
    server.add_calendar("work")
    with pytest.raises(InvalidRequest, match="app-specific password"):
        connect_caldav(rig.service, UUID(int=1), server.url, ANN, "wrong")
    assert rig.count("calendar_accounts") == 0
    connected(rig, server)
    rig.drain()
    users = server.folder / "users"
    known = users.read_text(encoding="utf-8")
    users.write_text(f"{ANN}:another\n", encoding="utf-8")
    try:
        rig.sql("update calendar_sync_states set due_at = calsync_now()")
        rig.drain()
        (account,) = rig.rows("calendar_accounts")
        assert account["status"] == "needs_reauth"
    finally:
        users.write_text(known, encoding="utf-8")
    logged = rig.sql("select string_agg(to_jsonb(l)::text, '') as text from calendar_sync_logs l")
    assert PASSWORD not in logged[0]["text"]
