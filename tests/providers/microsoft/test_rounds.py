"""Delta rounds: what they ask, what they yield, and how they survive what servers do."""

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from shared.decide.microsoft_fields import OWN_PROPERTY
from shared.errors import ResyncFully, Retry
from shared.model import Deletion, Event, Window
from shared.providers.microsoft import MicrosoftSession
from shared.providers.microsoft_rounds import read_position
from shared.states import EventKind
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import (
    ANN,
    DELTA_PATH,
    WINDOW,
    SignIn,
    event,
    pull,
    read,
    weekly,
)
from tests.support.microsoft_emulator import MicrosoftEmulator


def titles(changes: Collection[object]) -> list[str]:
    return sorted(each.summary or "" for each in changes if isinstance(each, Event))


def test_every_request_prefers_what_the_mirror_needs(
    emulator: MicrosoftEmulator, session: MicrosoftSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    request = httpx.Client.request

    def watched(client: httpx.Client, *args: Any, **kwargs: Any) -> httpx.Response:
        if "/v1.0/" in str(args[1]):
            seen.append(kwargs["headers"]["Prefer"])
            for part in (kwargs["json"] or {}).get("requests", ()):
                seen.append(part["headers"]["Prefer"])
        return request(client, *args, **kwargs)

    monkeypatch.setattr(httpx.Client, "request", watched)
    for number in range(3):
        emulator.create_event(ANN, weekly(f"Series {number}"))
    calendar = session.list_calendars()[0].provider_calendar_id
    read(session, pull(calendar))
    assert len(seen) == session.api_calls + 1, "the batch, and its parts"
    for prefer in seen:
        assert 'IdType="ImmutableId"' in prefer
        assert 'outlook.timezone="UTC"' in prefer
        assert "odata.maxpagesize=" in prefer


def test_a_first_round_lists_the_window(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    emulator.create_event(ANN, event("In it"))
    emulator.create_event(ANN, event("Behind it", "2028-01-01"))
    emulator.create_event(ANN, weekly("Series"))
    changes, last = read(session, pull(calendar))
    assert titles(changes) == ["In it", "Series"]
    assert last.listed == WINDOW
    (series,) = (c for c in changes if isinstance(c, Event) and c.kind is EventKind.SERIES)
    assert len(series.occurrences) == 4
    assert series.is_whole
    assert series.is_listed


def test_a_cursor_tells_what_changed_since(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    gone = emulator.create_event(ANN, event("Gone"))["id"]
    _, first = read(session, pull(calendar))
    emulator.create_event(ANN, event("New"))
    emulator.create_event(ANN, event("Elsewhere", "2028-01-01"))
    emulator.delete_event(ANN, gone)
    mirrored = {gone: "etag"}
    changes, last = read(session, pull(calendar, first.cursor, mirrored=lambda: mirrored))
    assert titles(changes) == ["New"]
    assert Deletion(gone) in changes
    assert last.listed is None
    assert last.cursor != first.cursor
    nothing, _ = read(session, pull(calendar, last.cursor))
    assert nothing == []


def test_pages_are_followed_even_if_empty(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    emulator.settings(page_size_cap=3)
    emulator.fault("empty_page", times=1, match={"method": "calendarView.delta"})
    emulator.create_events(ANN, [event(f"Event {n}") for n in range(8)])
    pages = list(session.fetch_changes(pull(calendar)))
    assert [len(page.items) for page in pages] == [0, 3, 3, 2]
    assert [page.cursor is None for page in pages] == [True, True, True, False]
    again = list(session.fetch_changes(pull(calendar, page=pages[1].next_page)))
    assert [len(page.items) for page in again] == [3, 2]
    assert {page.listed for page in again} == {WINDOW}


def test_masters_are_read_in_few_requests_and_never_more_than_two_at_once(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    for number in range(45):
        emulator.create_event(ANN, weekly(f"Series {number:02}", 1))
    emulator.settings(concurrent_per_mailbox=2)
    emulator.reset_counters()
    before = session.api_calls
    changes, _ = read(session, pull(calendar))
    assert len(titles(changes)) == 45
    assert session.api_calls - before >= 45, "parts of a batch count"
    assert emulator.counters()["by_status"].get("429") is None


def test_masters_that_are_gone_break_no_chain(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(DELTA_PATH, Answer(delta(*(occurrence(f"m{n}") for n in range(5)))))
    gone = {"error": {"code": "ErrorItemNotFound"}}
    behind = {"error": {"code": "FailedDependency"}}
    canned.answer(
        "/v1.0/$batch",
        Answer(
            {
                "responses": [
                    {"id": "0", "status": 404, "body": gone},
                    {"id": "1", "status": 200, "body": {"id": "m1"}},
                    {"id": "2", "status": 424, "body": behind},
                    {"id": "3", "status": 200, "body": {"id": "m3"}},
                    {"id": "4", "status": 424, "body": behind},
                ]
            }
        ),
        Answer(
            {
                "responses": [
                    {"id": "4", "status": 200, "body": {"id": "m4"}},
                    {"id": "2", "status": 200, "body": {"id": "m2"}},
                ]
            }
        ),
    )
    (page,) = canned_session.fetch_changes(pull())
    assert [item["master"] for item in page.items] == [{"id": f"m{n}"} for n in (1, 2, 3, 4)]
    batches = [json.loads(body) for _, target, body in canned.asked if "$batch" in target]
    first, second = ([part["id"] for part in batch["requests"]] for batch in batches)
    assert (first, second) == (["0", "1", "2", "3", "4"], ["2", "4"])
    waits = {part["id"]: part.get("dependsOn") for part in batches[0]["requests"]}
    assert waits == {"0": None, "1": None, "2": ["0"], "3": ["1"], "4": ["2"]}


def test_trouble_within_a_batch_is_trouble(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(DELTA_PATH, Answer(delta(occurrence("m0"), occurrence("m1"))))
    throttled = {
        "id": "0",
        "status": 429,
        "headers": {"Retry-After": "2.5"},
        "body": {"error": {"code": "ApplicationThrottled"}},
    }
    canned.answer("/v1.0/$batch", Answer({"responses": [throttled]}))
    with pytest.raises(Retry) as caught:
        list(canned_session.fetch_changes(pull()))
    assert (caught.value.code, caught.value.retry_after) == ("ApplicationThrottled", 2.5)
    canned.answer("/v1.0/$batch", Answer({"responses": []}))
    with pytest.raises(Retry) as caught:
        list(canned_session.fetch_changes(pull()))
    assert caught.value.code == "unexpected_answer"


def test_a_series_in_two_parts_is_listed(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    first, second = occurrence("m"), occurrence("m", "2026-12-01")
    following = f"{canned.url}{DELTA_PATH}?$skiptoken=2"
    canned.answer(
        DELTA_PATH,
        Answer({"value": [first], "@odata.nextLink": following}),
        Answer(delta(second)),
    )
    canned.answer("/v1.0/me/calendars/cal-1/events/m", Answer({"id": "m"}))
    canned.answer("/v1.0/me/calendars/cal-1/events/m/instances", Answer({"value": [first, second]}))
    one, two = canned_session.fetch_changes(pull())
    assert one.items[0]["occurrences"] == [first]
    assert two.items[0]["occurrences"] == [first, second]


def test_a_master_on_its_own_is_no_event_but_a_reason_to_list(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    master = {"id": "m", "type": "seriesMaster"}
    canned.answer(DELTA_PATH, Answer(delta(master)))
    canned.answer("/v1.0/me/calendars/cal-1/events/m", Answer({"id": "m", "subject": "S"}))
    canned.answer(
        "/v1.0/me/calendars/cal-1/events/m/instances", Answer({"value": [occurrence("m")]})
    )
    (page,) = canned_session.fetch_changes(pull())
    (item,) = page.items
    assert item["master"] == {"id": "m", "subject": "S"}
    assert item["occurrences"] == [occurrence("m")]


@pytest.mark.parametrize(
    "setting", ["delta_shows_masters", "delta_repeats_items", "delta_replays_rounds"]
)
def test_odd_ways_of_delta_change_nothing(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str, setting: str
) -> None:
    emulator.create_event(ANN, event("Single"))
    series = emulator.create_event(ANN, weekly("Series"))["id"]
    plain, first = read(session, pull(calendar))
    emulator.settings(**{setting: True})
    odd, _ = read(session, pull(calendar))
    assert key(odd) == key(plain)
    emulator.patch_event(ANN, series, {"subject": "Renamed"})
    for _ in range(2):
        changes, first = read(session, pull(calendar, first.cursor))
    assert set(titles(changes)) <= {"Renamed", "Single"}


def key(changes: Collection[object]) -> list[str]:
    return sorted(map(repr, changes))


@pytest.mark.parametrize("told", ["occurrences", "master", "both"])
def test_a_deleted_series_is_found_out_whatever_is_named(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str, told: str
) -> None:
    emulator.settings(series_removal=told)
    gone, stays = (emulator.create_event(ANN, weekly(title))["id"] for title in ("Gone", "Stays"))
    _, first = read(session, pull(calendar))
    emulator.delete_event(ANN, gone)
    mirror = {"mirrored": lambda: {gone: "", stays: ""}, "series": lambda: {gone, stays}}
    changes, _ = read(session, pull(calendar, first.cursor, **mirror))
    assert Deletion(gone) in changes
    assert Deletion(stays) not in changes


def test_a_series_that_left_the_window_is_removed(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    series = emulator.create_event(ANN, weekly("Series"))["id"]
    _, first = read(session, pull(calendar))
    emulator.patch_event(ANN, series, event("Series", "2028-02-01"))
    mirror = {"mirrored": lambda: {series: ""}, "series": lambda: {series}}
    changes, _ = read(session, pull(calendar, first.cursor, **mirror))
    assert changes == [Deletion(series)]


def test_a_window_beyond_the_cursor_is_a_round_from_scratch(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    emulator.create_event(ANN, event("Later", "2027-11-20"))
    _, first = read(session, pull(calendar))
    later = Window(WINDOW.start.replace(day=9), WINDOW.end.replace(day=30))
    changes, last = read(session, pull(calendar, first.cursor, window=later))
    assert titles(changes) == ["Later"]
    assert last.listed == later
    narrower = Window(later.start, WINDOW.end)
    _, last = read(session, pull(calendar, last.cursor, window=narrower))
    assert last.listed is None, "the cursor's window holds it"


@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateInvalid", "RESYNCREQUIRED"])
def test_a_dead_cursor_means_a_new_round(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str, code: str
) -> None:
    _, first = read(session, pull(calendar))
    emulator.settings(delta_gone_code=code, delta_gone_location=True)
    emulator.expire_delta_tokens()
    with pytest.raises(ResyncFully) as caught:
        read(session, pull(calendar, first.cursor))
    assert caught.value.code == code


@pytest.mark.parametrize("status", [400, 404])
def test_a_malformed_token_too(
    canned: CannedServer, canned_session: MicrosoftSession, status: int
) -> None:
    canned.answer(DELTA_PATH, Answer(delta(url=canned.url)))
    _, first = read(canned_session, pull())
    canned.answer(DELTA_PATH, Answer({"error": {"code": "ErrorInvalidUrlQuery"}}, status))
    with pytest.raises(ResyncFully):
        read(canned_session, pull(cursor=first.cursor))


@pytest.mark.parametrize("cursor", ["CPDAlvWDx70CEP", "{}", "[]", '{"link": 1, "start": "x"}'])
def test_a_cursor_that_is_none_of_ours(session: MicrosoftSession, cursor: str) -> None:
    with pytest.raises(ResyncFully):
        list(session.fetch_changes(pull(cursor=cursor)))


@pytest.mark.parametrize(
    "link",
    ["https://evil.test/v1.0/delta?$deltatoken=1", "http://127.0.0.1:1/v1.0/x", "/v1.0/relative"],
)
def test_links_to_other_hosts_are_not_followed(
    canned: CannedServer, canned_session: MicrosoftSession, link: str
) -> None:
    canned.answer(DELTA_PATH, Answer({"value": [], "@odata.nextLink": link}))
    with pytest.raises(Retry) as caught:
        list(canned_session.fetch_changes(pull()))
    assert caught.value.code == "unexpected_answer"


@pytest.mark.parametrize("body", [{}, {"value": {}}, {"value": [1]}, {"value": []}, [], b"<html>"])
def test_answers_that_are_none(
    canned: CannedServer, canned_session: MicrosoftSession, body: Any
) -> None:
    canned.answer(DELTA_PATH, Answer(body))
    with pytest.raises(Retry) as caught:
        list(canned_session.fetch_changes(pull()))
    assert caught.value.code == "unexpected_answer"


def test_no_view_is_longer_than_graph_allows(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    wide = Window(WINDOW.start, WINDOW.start.replace(year=2040))
    _, first = read(session, pull(calendar, window=wide))
    _, second = read(session, pull(calendar, first.cursor, window=wide))
    assert second.listed is None
    assert read_position(first.cursor or "").window.end < wide.end


def test_our_tags_are_seen(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str, sign_in: SignIn
) -> None:
    tagged = {"singleValueExtendedProperties": [{"id": OWN_PROPERTY, "value": "calsync:b:1"}]}
    emulator.create_event(ANN, weekly("Series") | tagged)
    emulator.create_event(ANN, event("Single", transactionId="calsync:b:2"))
    changes, _ = read(session, pull(calendar))
    tags = {each.summary: each.own_tag for each in changes if isinstance(each, Event)}
    assert tags == {"Series": "calsync:b:1", "Single": "calsync:b:2"}


def test_at_most_four_requests_are_under_way(
    emulator: MicrosoftEmulator, sign_in: SignIn, calendar: str
) -> None:
    emulator.create_event(ANN, weekly("Series"))
    emulator.settings(latency_ms=20.0)
    emulator.reset_counters()
    sessions = [sign_in() for _ in range(10)]
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda each: read(each, pull(calendar)), sessions))
    assert emulator.counters()["most_concurrent"][ANN] <= 4
    assert emulator.counters()["by_status"].get("429") is None


def occurrence(master: str, day: str = "2026-11-24") -> dict[str, Any]:
    return {
        "id": f"{master}-{day}",
        "type": "occurrence",
        "seriesMasterId": master,
        "start": {"dateTime": f"{day}T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T10:00:00.0000000", "timeZone": "UTC"},
    }


def delta(*rows: dict[str, Any], url: str = "http://x.test") -> dict[str, Any]:
    """The last page of a round."""
    return {"value": list(rows), "@odata.deltaLink": f"{url}{DELTA_PATH}?$deltatoken=1"}
