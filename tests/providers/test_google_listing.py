"""Events come in pages, from a cursor or from nothing, and dead cursors say so."""

import threading
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.config import GoogleSettings
from shared.errors import ResyncFully, Retry
from shared.model import Deletion, Event, Page, Window
from shared.providers.google import Google, GoogleSession
from shared.states import EventKind, EventStatus
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN, SignIn, never_rotated, pull
from tests.support.google_emulator import GoogleEmulator

EVENTS_PATH = "/calendar/v3/calendars/ann%40x.test/events"


def an_event(number: int, **more: Any) -> dict[str, Any]:
    day = datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(hours=number)
    return {
        "summary": f"Event {number}",
        "start": {"dateTime": day.isoformat()},
        "end": {"dateTime": (day + timedelta(minutes=30)).isoformat()},
    } | more


def a_series(**more: Any) -> dict[str, Any]:
    zone = {"timeZone": "Europe/Berlin"}
    return {
        "summary": "Standup",
        "start": {"dateTime": "2026-11-23T09:00:00+01:00"} | zone,
        "end": {"dateTime": "2026-11-23T09:15:00+01:00"} | zone,
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"],
    } | more


def summaries(pages: Iterable[Page]) -> list[object]:
    return [item.get("summary") for page in pages for item in page.items]


def cursor_of(pages: Iterable[Page]) -> str:
    cursor = list(pages)[-1].cursor
    assert cursor is not None
    return cursor


def test_everything_comes_in_pages_and_the_cursor_with_the_last(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    emulator.create_events(ANN, [an_event(n) for n in range(5)])
    emulator.settings(page_size_cap=2)
    pages = list(session.fetch_changes(pull(ANN, None, None)))
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert summaries(pages) == [f"Event {n}" for n in range(5)]
    assert [page.cursor is None for page in pages] == [True, True, False]
    assert [page.last for page in pages] == [False, False, True]
    assert {page.time_zone for page in pages} == {"Europe/Berlin"}
    assert session.api_calls == emulator.counters()["by_method"]["events.list"] == 3


def test_an_import_goes_on_from_a_page(emulator: GoogleEmulator, sign_in: SignIn) -> None:
    emulator.create_events(ANN, [an_event(n) for n in range(5)])
    emulator.settings(page_size_cap=2)
    first = next(sign_in().fetch_changes(pull(ANN, None, None)))
    rest = list(sign_in().fetch_changes(pull(ANN, None, first.next_page)))
    assert summaries([first, *rest]) == [f"Event {n}" for n in range(5)]
    (page,) = sign_in().fetch_changes(pull(ANN, cursor_of(rest), None))
    assert page.items == ()


def test_only_changes_come_from_a_cursor(emulator: GoogleEmulator, session: GoogleSession) -> None:
    kept, moved, dropped = emulator.create_events(ANN, [an_event(n) for n in range(3)])
    cursor = cursor_of(session.fetch_changes(pull(ANN, None, None)))
    emulator.patch_event(ANN, moved, {"summary": "Moved"})
    emulator.delete_event(ANN, dropped)
    emulator.settings(page_size_cap=1)
    pages = list(session.fetch_changes(pull(ANN, cursor, None)))
    found = {item["id"]: item["status"] for page in pages for item in page.items}
    assert found == {moved: "confirmed", dropped: "cancelled"}
    assert kept not in found
    assert pages[-1].cursor not in (None, cursor)


def test_a_cursor_without_changes_gives_one_empty_page(session: GoogleSession) -> None:
    cursor = cursor_of(session.fetch_changes(pull(ANN, None, None)))
    (page,) = session.fetch_changes(pull(ANN, cursor, None))
    assert (page.items, page.last) == ((), True)
    assert page.cursor is not None


def test_empty_pages_in_between_end_nothing(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    emulator.create_event(ANN, an_event(1))
    emulator.fault("empty_page", times=2, match={"method": "events.list"})
    pages = list(session.fetch_changes(pull(ANN, None, None)))
    assert [len(page.items) for page in pages] == [0, 0, 1]


def test_a_full_listing_has_cancelled_instances_but_no_deleted_events(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    series = emulator.create_event(ANN, a_series())["id"]
    instance = f"{series}_20261124T080000Z"
    emulator.delete_event(ANN, instance)
    gone = emulator.create_event(ANN, an_event(1))["id"]
    emulator.delete_event(ANN, gone)
    (page,) = session.fetch_changes(pull(ANN, None, None))
    assert {item["id"] for item in page.items} == {series, instance}


def test_items_are_normalised_in_the_calendars_zone(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    series = emulator.create_event(ANN, a_series())["id"]
    cursor = cursor_of(session.fetch_changes(pull(ANN, None, None)))
    instance = f"{series}_20261124T080000Z"
    emulator.delete_event(ANN, instance)
    single = emulator.create_event(ANN, an_event(1))["id"]
    emulator.delete_event(ANN, single)
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    (page,) = session.fetch_changes(pull(ANN, cursor, None))
    changes = [
        change for item in page.items for change in session.normalise(item, "Europe/Berlin", window)
    ]
    by_id = {change.provider_event_id: change for change in changes}
    exception = by_id[instance]
    assert isinstance(exception, Event)
    assert (exception.kind, exception.status) == (EventKind.EXCEPTION, EventStatus.CANCELLED)
    assert (exception.series_event_id, exception.occurrence_key) == (series, "20261124T080000Z")
    assert isinstance(by_id[single], Deletion)


def test_a_dead_cursor_asks_for_everything(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    cursor = cursor_of(session.fetch_changes(pull(ANN, None, None)))
    emulator.expire_sync_tokens(calendar=ANN)
    with pytest.raises(ResyncFully) as caught:
        next(session.fetch_changes(pull(ANN, cursor, None)))
    assert caught.value.code == "fullSyncRequired"
    assert list(session.fetch_changes(pull(ANN, None, None)))[-1].cursor is not None


def test_a_cursor_may_die_between_pages(emulator: GoogleEmulator, session: GoogleSession) -> None:
    cursor = cursor_of(session.fetch_changes(pull(ANN, None, None)))
    emulator.create_events(ANN, [an_event(n) for n in range(3)])
    emulator.settings(page_size_cap=1)
    pages = session.fetch_changes(pull(ANN, cursor, None))
    assert summaries([next(pages)]) == ["Event 0"]
    emulator.expire_sync_tokens(calendar=ANN)
    with pytest.raises(ResyncFully):
        next(pages)


@pytest.mark.parametrize(("cursor", "page"), [("nonsense", None), (None, "nonsense")])
def test_a_token_that_google_never_gave_asks_for_everything(
    session: GoogleSession, cursor: str | None, page: str | None
) -> None:
    with pytest.raises(ResyncFully):
        next(session.fetch_changes(pull(ANN, cursor, page)))


def test_every_page_repeats_the_same_query(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(
        EVENTS_PATH,
        Answer({"items": [], "nextPageToken": "p2"}),
        Answer({"items": [], "nextSyncToken": "c2"}),
    )
    list(canned_session.fetch_changes(pull(ANN, "c1", None)))
    first, second = canned.queries(EVENTS_PATH)
    assert "syncToken=c1" in first
    assert "showDeleted" not in first
    assert second.replace("&pageToken=p2", "") == first


@pytest.mark.parametrize("items", [None, "text", {"id": "x"}, [1]])
def test_items_that_are_no_events_are_refused(
    canned: CannedServer, canned_session: GoogleSession, items: object
) -> None:
    canned.answer(EVENTS_PATH, Answer({"items": items, "nextSyncToken": "c"}))
    with pytest.raises(Retry) as caught:
        list(canned_session.fetch_changes(pull(ANN, None, None)))
    assert caught.value.code == "unexpected_answer"


def test_two_threads_read_at_once(emulator: GoogleEmulator, settings: GoogleSettings) -> None:
    people = {ANN: "Ann's", "bob@x.test": "Bob's"}
    emulator.add_person("bob@x.test")
    for email, summary in people.items():
        bodies = [an_event(n) | {"summary": f"{summary} {n}"} for n in range(40)]
        emulator.create_events(email, bodies)
    emulator.settings(page_size_cap=2)
    tokens = {email: emulator.tokens(email)["refresh_token"] for email in people}
    google = Google(settings, timeout_seconds=10.0)
    found: dict[str, list[object]] = {}

    def read(email: str) -> None:
        session = google.sign_in(email, {"refresh_token": tokens[email]}, never_rotated)
        found[email] = summaries(session.fetch_changes(pull(email, None, None)))
        session.close()

    threads = [threading.Thread(target=read, args=(email,)) for email in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    google.close()
    assert found == {email: [f"{people[email]} {n}" for n in range(40)] for email in people}


def test_a_large_calendar_is_never_held_at_once(
    emulator: GoogleEmulator, session: GoogleSession
) -> None:
    text = "Minutes of the last meeting. " * 20
    bodies = [an_event(n % 500, description=f"{n} {text}") for n in range(3000)]
    emulator.create_events(ANN, bodies)
    emulator.settings(page_size_cap=100)
    next(session.fetch_changes(pull(ANN, None, None)))  # what is built once is not counted

    def one_page() -> int:
        return len(next(session.fetch_changes(pull(ANN, None, None))).items)

    def all_pages() -> int:
        return sum(map(length, session.fetch_changes(pull(ANN, None, None))))

    (first, peak_of_one), (total, peak_of_all) = peak_of(one_page), peak_of(all_pages)
    assert (first, total) == (100, 3000)
    assert peak_of_all < 1.2 * peak_of_one


def length(page: Page) -> int:
    return len(page.items)


def peak_of(work: Callable[[], int]) -> tuple[int, int]:
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
