"""calendarView: what a window shows."""

import pytest

from tests.emulator_microsoft.helpers import (
    DAILY,
    ZONE,
    Graph,
    recurring,
    refused,
    starts,
    timed,
    whole_day,
)

DAY = "startDateTime=2026-11-24T00:00:00Z&endDateTime=2026-11-25T00:00:00Z"


def seen(graph: Graph, span: str = DAY) -> list[str]:
    return [row["subject"] for row in graph.everything(f"/me/calendarView?{span}")]


def test_borders(ann: Graph) -> None:
    for subject, begins, minutes in (
        ("ends at the start", "2026-11-23T23:00", 60),
        ("reaches in", "2026-11-23T23:30", 60),
        ("an instant at the start", "2026-11-24T00:00", 0),
        ("reaches out", "2026-11-24T23:30", 60),
        ("begins at the end", "2026-11-25T00:00", 60),
        ("around", "2026-11-20T00:00", 10 * 24 * 60),
    ):
        ann.post("/me/events", timed(begins, minutes, subject=subject))
    assert seen(ann) == ["around", "reaches in", "an instant at the start", "reaches out"]


def test_all_day_events_count_their_utc_midnights(ann: Graph) -> None:
    for first, subject in (("2026-11-23", "before"), ("2026-11-24", "on"), ("2026-11-25", "after")):
        ann.post("/me/events", whole_day(first, zone=ZONE) | {"subject": subject})
    assert seen(ann) == ["on"]


def test_series_are_expanded_and_masters_absent(ann: Graph) -> None:
    ann.post("/me/events", recurring("2026-11-20T09:00", DAILY))
    span = "startDateTime=2026-11-24T00:00:00Z&endDateTime=2026-11-27T00:00:00Z"
    rows = ann.everything(f"/me/calendarView?{span}")
    assert starts(rows) == [f"2026-11-{day}T08:00" for day in (24, 25, 26)]
    assert {row["type"] for row in rows} == {"occurrence"}
    assert {row["subject"] for row in rows} == {"Series"}
    assert ann.everything("/me/events")[0]["type"] == "seriesMaster"


def test_a_long_occurrence_reaches_into_the_window(ann: Graph) -> None:
    week = {"type": "weekly", "daysOfWeek": ["friday"]}
    body = recurring("2026-11-20T09:00", week)
    body["end"] = {"dateTime": "2026-11-24T10:00:00", "timeZone": ZONE}
    ann.post("/me/events", body)
    assert starts(ann.everything(f"/me/calendarView?{DAY}")) == ["2026-11-20T08:00"]


def test_an_exception_is_where_it_was_moved_to(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-24T09:00", {"type": "daily", "interval": 9}))
    [row] = ann.everything(f"/me/calendarView?{DAY}")
    ann.patch(f"/me/events/{row['id']}", timed("2026-11-28T09:00"))
    assert seen(ann) == []
    span = "startDateTime=2026-11-28T00:00:00Z&endDateTime=2026-11-29T00:00:00Z"
    [moved] = ann.everything(f"/me/calendarView?{span}")
    assert (moved["type"], moved["seriesMasterId"]) == ("exception", master["id"])


def test_offsets_in_the_window(ann: Graph) -> None:
    ann.post("/me/events", timed("2026-11-24T22:30"))
    berlin = "startDateTime=2026-11-24T00:00:00%2B01:00&endDateTime=2026-11-25T00:00:00%2B01:00"
    assert seen(ann, berlin) == ["Meeting"]
    assert seen(ann, berlin.replace("%2B01", "%2B02")) == []


def test_old_windows_are_quick_however_old_the_series(ann: Graph) -> None:
    ann.post("/me/events", recurring("1990-01-01T09:00", DAILY))
    assert len(seen(ann)) == 1


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ("", "ErrorInvalidParameter"),
        ("startDateTime=2026-11-24T00:00:00Z", "ErrorInvalidParameter"),
        ("startDateTime=x&endDateTime=2026-11-24T00:00:00Z", "ErrorInvalidParameter"),
        (
            "startDateTime=2026-11-25T00:00:00Z&endDateTime=2026-11-24T00:00:00Z",
            "ErrorInvalidParameter",
        ),
        (
            "startDateTime=2026-11-25T00:00:00Z&endDateTime=2031-11-25T00:00:00Z",
            "ErrorInvalidRequest",
        ),
    ],
)
def test_refused_windows(ann: Graph, span: str, code: str) -> None:
    for name in ("calendarView", "calendarView/delta"):
        assert refused(ann.ask("GET", f"/me/{name}?{span}")) == (400, code)


def test_the_widest_window(ann: Graph) -> None:
    span = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-31T00:00:00Z"
    assert ann.get(f"/me/calendarView?{span}")["value"] == []
