"""Following a calendar on the real Radicale and the real Xandikos."""

import json
from dataclasses import replace

import pytest

from shared.decide.plan_caldav import POLLS_BETWEEN_COMPARISONS, read_dav_cursor
from shared.errors import ResyncFully, Retry
from shared.model import Deletion, Event, Refusal
from shared.providers.caldav_changes import BATCH
from shared.states import EventKind
from tests.providers.caldav.conftest import Follower, SignIn
from tests.providers.caldav.examples import titled, vcalendar, vevent
from tests.support.caldav_servers import DavServer, Radicale


@pytest.fixture
def calendar(server: DavServer) -> str:
    return server.add_calendar("work")


@pytest.fixture
def ann(server: DavServer, calendar: str, sign_in: SignIn) -> Follower:
    return Follower(sign_in(server), calendar)


def test_an_empty_calendar_gives_one_page_and_a_cursor(ann: Follower) -> None:
    (page,) = ann.read(None)
    assert page.items == ()
    assert page.cursor is not None


def test_every_event_comes_once_in_pages(ann: Follower, server: DavServer, calendar: str) -> None:
    for number in range(BATCH + 5):
        server.put(calendar, f"{number}.ics", titled(f"u{number}", f"Event {number}"))
    pages = ann.read(None)
    assert [len(page.items) for page in pages] == [BATCH, 5]
    assert [page.last for page in pages] == [False, True]
    assert ann.calls(ann.follow) == 4  # ctag, listing, two multigets
    assert ann.titles == sorted(f"Event {number}" for number in range(BATCH + 5))


def test_an_interrupted_import_goes_on_where_it_was(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    for number in range(2 * BATCH + 1):
        server.put(calendar, f"{number}.ics", titled(f"u{number}", f"Event {number}"))
    first, *_ = ann.read(None)
    server.delete(f"{calendar}0.ics")  # while nobody reads
    rest = ann.read(None, first.next_page)
    seen = [item["href"] for page in (first, *rest) for item in page.items]
    assert len(seen) == len(set(seen)) == 2 * BATCH + 1
    ann.cursor = rest[-1].cursor
    ann.etags = {str(item["href"]): str(item["etag"]) for p in (first, *rest) for item in p.items}
    assert ann.follow() == [Deletion(f"{calendar}0.ics")]


def test_when_nothing_changed_one_request_says_so(ann: Follower) -> None:
    ann.follow()
    before = read_dav_cursor(ann.cursor or "")
    assert ann.calls(ann.follow) == 1
    after = read_dav_cursor(ann.cursor or "")
    assert before is not None
    assert after == replace(before, polls=1)
    assert ann.asked_for_etags == 0


def test_created_changed_moved_and_deleted(ann: Follower, server: DavServer, calendar: str) -> None:
    kept, gone = (server.put(calendar, f"{n}.ics", titled(n, n)) for n in ("kept", "gone"))
    ann.follow()
    server.rewrite(kept, lambda text: text.replace("20261124T09", "20261125T09"))
    server.rewrite(kept, lambda text: text.replace("20261124T10", "20261125T10"))
    server.delete(gone)
    server.put(calendar, "new.ics", titled("new", "new"))
    changes = {change.provider_event_id: change for change in ann.follow()}
    moved = changes[kept]
    assert isinstance(moved, Event)
    assert moved.when is not None
    assert moved.when.start_at is not None
    assert moved.when.start_at.day == 25
    assert changes[gone] == Deletion(gone)
    assert ann.titles == ["kept", "new"]
    assert ann.calls(ann.follow) == 1


def test_an_event_moved_to_another_calendar_leaves_this_one(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    path = server.put(calendar, "e.ics", titled("e", "e"))
    ann.follow()
    target = f"{server.add_calendar('other')}e.ics"
    server.send(
        "MOVE", path, headers={"Destination": server.url.rstrip("/") + target}
    ).raise_for_status()
    assert ann.follow() == [Deletion(path)]


def test_a_dead_cursor_asks_for_everything(ann: Follower) -> None:
    ann.follow()
    cursor = json.loads(ann.cursor or "") | {"token": "http://radicale.org/ns/sync/0", "ctag": "x"}
    with pytest.raises(ResyncFully) as caught:
        ann.read(json.dumps(cursor))
    assert caught.value.code == "valid-sync-token"


def test_a_cursor_of_another_kind_asks_for_everything(ann: Follower) -> None:
    with pytest.raises(ResyncFully):
        ann.read("CKjQ")


def test_a_calendar_that_is_gone_may_come_back(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    ann.follow()
    server.reset()
    with pytest.raises(Retry) as caught:
        ann.follow()
    assert caught.value.code == "not_found"


def test_without_tokens_etags_are_compared(ann: Follower, server: DavServer, calendar: str) -> None:
    for name in ("kept", "changed", "gone"):
        server.put(calendar, f"{name}.ics", titled(name, name))
    ann.follow()
    server.rewrite(f"{calendar}changed.ics", lambda text: text.replace("SUMMARY:", "SUMMARY:un"))
    server.delete(f"{calendar}gone.ics")
    known = read_dav_cursor(ann.cursor or "")
    assert known is not None
    ann.cursor = replace(known, token=None).text()
    changes = ann.follow()
    assert [change.provider_event_id for change in changes] == [
        f"{calendar}gone.ics",
        f"{calendar}changed.ics",
    ]
    assert ann.titles == ["kept", "unchanged"]


def test_now_and_then_all_etags_are_compared(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    server.put(calendar, "kept.ics", titled("kept", "kept"))
    ann.follow()
    ann.etags["/lost.ics"] = '"a deletion that the server never announced"'
    assert ann.follow() == []
    known = read_dav_cursor(ann.cursor or "")
    assert known is not None
    ann.cursor = replace(known, polls=POLLS_BETWEEN_COMPARISONS).text()
    assert ann.follow() == [Deletion("/lost.ics")]
    after = read_dav_cursor(ann.cursor or "")
    assert after is not None
    assert after.polls == 0


def test_when_nearly_all_vanished_unannounced_a_full_sync_decides(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    ann.follow()
    known = read_dav_cursor(ann.cursor or "")
    assert known is not None
    ann.cursor = replace(known, polls=POLLS_BETWEEN_COMPARISONS).text()
    ann.etags = {f"{calendar}{number}.ics": '"1"' for number in range(5)}
    with pytest.raises(ResyncFully):
        ann.follow()


def test_a_series_with_its_exceptions_is_one_resource(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    master = vevent("s", "SUMMARY:Daily", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261125T090000Z")
    moved = vevent("s", "SUMMARY:Later", "RECURRENCE-ID:20261126T090000Z")
    path = server.put(calendar, "s.ics", vcalendar(master, moved))
    ann.follow()
    series, exception = ann.changes[path], ann.changes[f"{path}#20261126T090000Z"]
    assert isinstance(series, Event)
    assert (series.kind, series.is_whole, len(series.occurrences)) == (EventKind.SERIES, True, 4)
    assert isinstance(exception, Event)
    assert exception.series_event_id == path

    server.try_put(path, vcalendar(master)).raise_for_status()
    ann.follow()
    assert list(ann.changes) == [path, f"{path}#20261125T090000Z"], "the excluded one stays"


def test_a_broken_event_hides_no_other(ann: Follower, server: DavServer, calendar: str) -> None:
    broken = "RRULE:FREQ=DAILY", "DTSTART;TZID=Nowhere/Town:20261124T090000"
    accepted = server.try_put(f"{calendar}b.ics", titled("b", "b", *broken)).is_success
    server.put(calendar, "a.ics", titled("a", "a"))
    server.put(calendar, "c.ics", titled("c", "c"))
    ann.follow()
    refused = [c for c in ann.changes.values() if isinstance(c, Refusal)]
    assert [(each.provider_event_id, each.reason) for each in refused] == (
        [(f"{calendar}b.ics", "unknown_time_zone")] if accepted else []
    )
    assert {"a", "c"} <= set(ann.titles)


def test_names_with_odd_characters_are_found_again(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    names = ["ann@x.test.ics", "a b.ics", "ü.ics", "100%.ics", "a+b&c;d.ics", "a#b.ics"]
    paths = [server.put(calendar, name, titled(name, name)) for name in names]
    ann.follow()
    assert ann.titles == sorted(names)
    for path in paths:
        server.delete(path)
    assert all(isinstance(change, Deletion) for change in ann.follow())
    assert ann.changes == {}


def test_a_resource_without_events_is_nothing(
    ann: Follower, server: DavServer, calendar: str
) -> None:
    mixed = server.add_calendar("mixed", ("VEVENT", "VTODO"))
    todo = vevent("t", "SUMMARY:Milk").replace("VEVENT", "VTODO").replace("DTEND", "DUE")
    server.put(mixed, "t.ics", vcalendar(todo))
    ann.calendar = mixed
    assert ann.follow() == []


def test_tokens_that_expire(sign_in: SignIn) -> None:
    with Radicale(sync_token_age=0) as server:
        calendar = server.add_calendar("work")
        ann = Follower(sign_in(server), calendar)
        ann.follow()
        for number in range(3):  # old tokens are removed when new ones are made
            server.put(calendar, f"{number}.ics", titled(f"u{number}", f"Event {number}"))
            Follower(ann.session, calendar).follow()
        with pytest.raises(ResyncFully):
            ann.follow()
        ann.cursor = None
        ann.follow()
        assert len(ann.titles) == 3


def test_three_thousand_events(radicale: Radicale, sign_in: SignIn) -> None:
    events = "".join(vevent(f"u{number}", f"SUMMARY:Event {number}") for number in range(3000))
    path = radicale.add_filled_calendar("big", vcalendar(events))
    ann = Follower(sign_in(radicale), path)
    assert ann.calls(ann.follow) == 2 + 3000 // BATCH
    assert len(ann.changes) == 3000
