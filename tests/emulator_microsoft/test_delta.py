"""calendarView/delta: rounds, what each row carries, removals, dying tokens."""

import pytest

from tests.emulator_microsoft.helpers import (
    ANN,
    DAILY,
    IMMUTABLE,
    SPAN,
    Graph,
    Json,
    recurring,
    refused,
    timed,
)
from tests.support.microsoft_emulator import MicrosoftEmulator

DELTA = f"/me/calendarView/delta?{SPAN}"
COUNT = {"type": "numbered", "numberOfOccurrences": 4}
BARE = {"@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end"}


def removed(rows: list[Json]) -> set[str]:
    return {row["id"] for row in rows if row.get("@removed") == {"reason": "deleted"}}


def test_an_empty_calendar(ann: Graph) -> None:
    rows, link = ann.pages(DELTA)
    assert rows == []
    assert ann.pages(link)[0] == []


def test_the_header_confirms_tracking(ann: Graph) -> None:
    answer = ann.ask("GET", DELTA, Prefer="odata.maxpagesize=2")
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=2, odata.track-changes"


def test_single_events_are_whole_and_occurrences_bare(ann: Graph) -> None:
    single = ann.post("/me/events", timed("2026-11-24T10:00", transactionId="t-1"))
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    rows, _ = ann.pages(DELTA)
    whole = next(row for row in rows if row["id"] == single["id"])
    assert whole["subject"] == "Meeting"
    assert whole["transactionId"] == "t-1"
    bare = [row for row in rows if row["type"] == "occurrence"]
    assert len(bare) == 4
    assert {frozenset(row) for row in bare} == {frozenset(BARE)}
    assert {row["seriesMasterId"] for row in bare} == {master["id"]}
    assert {row["@odata.etag"] for row in bare} == {master["@odata.etag"]}
    assert master["id"] not in {row["id"] for row in rows}


def test_masters_appear_if_so_set(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(delta_shows_masters=True)
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    rows, _ = ann.pages(DELTA)
    [row] = [row for row in rows if row["type"] == "seriesMaster"]
    assert (row["id"], row["start"]) == (master["id"], master["start"])


def test_exceptions_are_whole(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    rows, link = ann.pages(DELTA)
    second = sorted(rows, key=lambda row: str(row["start"]["dateTime"]))[1]
    ann.patch(f"/me/events/{second['id']}", {"subject": "Other"})
    rows, _ = ann.pages(link)
    assert len(rows) == 4, "the series comes whole"
    [exception] = [row for row in rows if row["type"] == "exception"]
    assert (exception["id"], exception["subject"]) == (second["id"], "Other")
    assert exception["seriesMasterId"] == master["id"]


def test_a_removed_occurrence_is_not_flagged(ann: Graph) -> None:
    ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    rows, link = ann.pages(DELTA)
    gone = rows[1]["id"]
    ann.delete(f"/me/events/{gone}")
    again, _ = ann.pages(link)
    assert removed(again) == set()
    assert {row["id"] for row in again} == {row["id"] for row in rows} - {gone}


@pytest.mark.parametrize(
    ("setting", "master", "occurrences"),
    [("both", True, True), ("master", True, False), ("occurrences", False, True)],
)
def test_a_removed_series(
    microsoft: MicrosoftEmulator, ann: Graph, setting: str, master: bool, occurrences: bool
) -> None:
    microsoft.settings(series_removal=setting)
    series = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    rows, link = ann.pages(DELTA)
    ann.delete(f"/me/events/{series['id']}")
    expected = {series["id"]} if master else set()
    expected |= {row["id"] for row in rows} if occurrences else set()
    assert removed(ann.pages(link)[0]) == expected


def test_a_series_is_never_split(ann: Graph) -> None:
    for _ in range(3):
        ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    page = ann.get(DELTA, Prefer="odata.maxpagesize=1")
    pages = [page["value"]]
    while "@odata.nextLink" in page:
        page = ann.get(page["@odata.nextLink"], Prefer="odata.maxpagesize=1")
        pages.append(page["value"])
    assert [len(rows) for rows in pages] == [4, 4, 4]
    assert all(len({row["seriesMasterId"] for row in rows}) == 1 for rows in pages)


def test_changes_outside_the_window_are_removals(ann: Graph) -> None:
    _, link = ann.pages(DELTA)
    stranger = ann.post("/me/events", timed("2027-06-01T10:00"))
    inside = ann.post("/me/events", timed("2026-11-24T10:00"))
    rows, link = ann.pages(link)
    assert removed(rows) == {stranger["id"]}
    assert len(rows) == 2
    ann.patch(f"/me/events/{inside['id']}", timed("2027-06-01T10:00"))
    assert removed(ann.pages(link)[0]) == {inside["id"]}


def test_an_event_that_came_and_went_is_a_removal(ann: Graph) -> None:
    _, link = ann.pages(DELTA)
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    ann.delete(f"/me/events/{made['id']}")
    rows, _ = ann.pages(link)
    assert removed(rows) == {made["id"]}
    assert ann.pages(DELTA)[0] == [], "a first round knows no removals"


def test_moving_to_another_calendar(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    other = microsoft.add_calendar(ANN, "Other")
    made = ann.post("/me/events", timed("2026-11-24T10:00"), Prefer=IMMUTABLE)
    _, here = ann.pages(DELTA, Prefer=IMMUTABLE)
    _, there = ann.pages(f"/me/calendars/{other}/calendarView/delta?{SPAN}", Prefer=IMMUTABLE)
    microsoft.move_event(ANN, made["id"], "Other")
    assert removed(ann.pages(here, Prefer=IMMUTABLE)[0]) == {made["id"]}
    [row] = ann.pages(there, Prefer=IMMUTABLE)[0]
    assert row["id"] == made["id"]
    ordinary = ann.pages(there)[0][0]["id"]
    assert ordinary != made["id"]


def test_old_links_replay(ann: Graph) -> None:
    _, link = ann.pages(DELTA)
    ann.post("/me/events", timed("2026-11-24T10:00"))
    first, newer = ann.pages(link)
    assert ann.pages(link)[0] == first
    assert ann.pages(newer)[0] == []


def test_changes_during_a_round_are_not_lost(ann: Graph) -> None:
    made = [ann.post("/me/events", timed(f"2026-11-{day}T10:00"))["id"] for day in range(10, 16)]
    page = ann.get(DELTA, Prefer="odata.maxpagesize=2")
    for event in made:
        ann.patch(f"/me/events/{event}", {"subject": "New"})
    _, link = ann.pages(page["@odata.nextLink"])
    later, _ = ann.pages(link)
    assert {row["id"] for row in later} == set(made)
    assert {row["subject"] for row in later} == {"New"}


def test_repeats_replays_and_empty_pages(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    microsoft.settings(delta_repeats_items=True)
    rows, link = ann.pages(DELTA)
    assert [row["id"] for row in rows] == [made["id"]] * 2
    microsoft.settings(delta_repeats_items=False, delta_replays_rounds=True)
    ann.patch(f"/me/events/{made['id']}", {"subject": "New"})
    _, link = ann.pages(link)
    assert len(ann.pages(link)[0]) == 1, "the round before is told again"
    microsoft.fault("empty_page", match={"method": "calendarView.delta"}, times=2)
    page = ann.get(DELTA)
    assert page["value"] == []
    assert len(ann.pages(page["@odata.nextLink"])[0]) == 1


def test_changes_may_lag(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(delta_lag_ms=60_000)
    _, link = ann.pages(DELTA)
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    rows, link = ann.pages(link)
    assert rows == []
    microsoft.advance(61)
    rows, _ = ann.pages(link)
    assert [row["id"] for row in rows] == [made["id"]]


@pytest.mark.parametrize("option", ["$select=id", "$filter=x", "$expand=x", "$orderby=x", "$top=5"])
def test_options_are_refused(ann: Graph, option: str) -> None:
    assert refused(ann.ask("GET", f"{DELTA}&{option}")) == (400, "ErrorInvalidUrlQuery")


@pytest.mark.parametrize("token", ["$deltatoken=x", "$skiptoken=AAAA", "$deltatoken=%21%21"])
def test_broken_tokens(ann: Graph, token: str) -> None:
    answer = ann.ask("GET", f"/me/calendarView/delta?{token}")
    assert refused(answer) == (400, "ErrorInvalidUrlQuery")


def test_a_token_belongs_to_its_calendar(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    other = microsoft.add_calendar(ANN, "Other")
    _, link = ann.pages(DELTA)
    token = link.partition("?")[2]
    answer = ann.ask("GET", f"/me/calendars/{other}/calendarView/delta?{token}")
    assert refused(answer) == (400, "ErrorInvalidUrlQuery")


@pytest.mark.parametrize("code", ["SyncStateNotFound", "SyncStateInvalid", "resyncRequired"])
def test_dead_tokens(microsoft: MicrosoftEmulator, ann: Graph, code: str) -> None:
    microsoft.settings(delta_gone_code=code, delta_gone_location=True)
    other = microsoft.add_calendar(ANN, "Other")
    elsewhere = f"/me/calendars/{other}/calendarView/delta?{SPAN}"
    for day in (10, 11):
        ann.post("/me/events", timed(f"2026-11-{day}T10:00"))
    _, link = ann.pages(DELTA)
    halfway = ann.get(DELTA, Prefer="odata.maxpagesize=1")["@odata.nextLink"]
    _, spared = ann.pages(elsewhere)
    default = ann.get("/me/calendar")["id"]
    microsoft.expire_delta_tokens(calendar=default)
    for dead in (link, halfway):
        answer = ann.ask("GET", dead)
        assert refused(answer) == (410, code)
        assert answer.headers["Location"].endswith("/delta?$deltatoken=")
    assert ann.pages(spared)[0] == []
    assert len(ann.pages(DELTA)[0]) == 2
    microsoft.expire_delta_tokens()
    assert ann.ask("GET", spared).status_code == 410


def test_tokens_may_age(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(delta_token_max_age_s=600)
    _, link = ann.pages(DELTA)
    microsoft.advance(599)
    _, link = ann.pages(link)
    microsoft.advance(601)
    assert refused(ann.ask("GET", link)) == (410, "SyncStateNotFound")


def test_rows_come_in_the_preferred_zone(ann: Graph) -> None:
    ann.post("/me/events", timed("2026-11-24T10:00"))
    rows, _ = ann.pages(DELTA, Prefer='outlook.timezone="Tokyo Standard Time"')
    assert rows[0]["start"]["dateTime"] == "2026-11-24T19:00:00.0000000"
    assert rows[0]["start"]["timeZone"] == "Tokyo Standard Time"


@pytest.mark.parametrize("name", ["delta()", "microsoft.graph.delta()"])
def test_other_spellings(ann: Graph, name: str) -> None:
    rows, link = ann.pages(f"/me/calendarView/{name}?{SPAN}")
    assert rows == []
    assert "/me/calendarView/delta?$deltatoken=" in link
