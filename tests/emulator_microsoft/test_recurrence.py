"""Series: every pattern and range, exceptions, removed occurrences, zones."""

from typing import Any

import pytest

from tests.emulator_microsoft.helpers import (
    ANN,
    DAILY,
    IMMUTABLE,
    ZONE,
    Graph,
    recurring,
    refused,
    starts,
    timed,
    whole_day,
)
from tests.support.microsoft_emulator import MicrosoftEmulator

YEARS = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-01T00:00:00Z"
COUNT = {"type": "numbered", "numberOfOccurrences": 4}


def instances(graph: Graph, master: str, span: str = YEARS, **headers: str) -> list[dict[str, Any]]:
    path = f"/me/events/{master}/instances?{span}&$top=100"
    return graph.everything(path, **headers)


@pytest.mark.parametrize(
    ("begins", "pattern", "days"),
    [
        ("2026-11-02", DAILY, ["11-02", "11-03", "11-04", "11-05"]),
        ("2026-11-02", {"type": "daily", "interval": 3}, ["11-02", "11-05", "11-08", "11-11"]),
        (
            "2026-11-04",
            {"type": "weekly", "daysOfWeek": ["Monday", "wednesday"]},
            ["11-04", "11-09", "11-11", "11-16"],
        ),
        (
            "2026-11-01",
            {
                "type": "weekly",
                "interval": 2,
                "daysOfWeek": ["sunday", "monday"],
                "firstDayOfWeek": "sunday",
            },
            ["11-01", "11-02", "11-15", "11-16"],
        ),
        (
            "2026-11-01",
            {
                "type": "weekly",
                "interval": 2,
                "daysOfWeek": ["sunday", "monday"],
                "firstDayOfWeek": "monday",
            },
            ["11-01", "11-09", "11-15", "11-23"],
        ),
        # The first day that fits lies after the start of the range.
        (
            "2026-11-03",
            {"type": "weekly", "daysOfWeek": ["monday"]},
            ["11-09", "11-16", "11-23", "11-30"],
        ),
        (
            "2026-01-31",
            {"type": "absoluteMonthly", "dayOfMonth": 31},
            ["01-31", "02-28", "03-31", "04-30"],
        ),
        (
            "2026-01-15",
            {"type": "absoluteMonthly", "interval": 2, "dayOfMonth": 15},
            ["01-15", "03-15", "05-15", "07-15"],
        ),
        (
            "2026-01-01",
            {"type": "relativeMonthly", "daysOfWeek": ["thursday"], "index": "second"},
            ["01-08", "02-12", "03-12", "04-09"],
        ),
        (
            "2026-01-01",
            {"type": "relativeMonthly", "daysOfWeek": ["friday"], "index": "last"},
            ["01-30", "02-27", "03-27", "04-24"],
        ),
        (
            "2026-01-01",
            {
                "type": "relativeMonthly",
                "daysOfWeek": ["saturday", "sunday"],
                "index": "first",
            },
            ["01-03", "02-01", "03-01", "04-04"],
        ),
        (
            "2026-03-05",
            {"type": "absoluteYearly", "month": 3, "dayOfMonth": 5},
            ["03-05", "03-05", "03-05", "03-05"],
        ),
        (
            "2026-01-01",
            {
                "type": "relativeYearly",
                "month": 11,
                "daysOfWeek": ["thursday"],
                "index": "fourth",
            },
            ["11-26", "11-25", "11-23", "11-22"],
        ),
    ],
)
def test_patterns(ann: Graph, begins: str, pattern: dict[str, Any], days: list[str]) -> None:
    master = ann.post("/me/events", recurring(f"{begins}T09:00", pattern, COUNT))
    found = instances(ann, master["id"])
    assert [row["start"]["dateTime"][5:10] for row in found] == days
    assert master["type"] == "seriesMaster"
    assert master["start"]["dateTime"][5:10] == days[0]


@pytest.mark.parametrize(
    ("span", "count"),
    [
        ({"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-11-06"}, 5),
        ({"type": "numbered", "numberOfOccurrences": 3}, 3),
        ({"type": "noEnd"}, 30 - 1),
    ],
)
def test_ranges(ann: Graph, span: dict[str, Any], count: int) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, span))
    november = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z"
    assert len(instances(ann, master["id"], november)) == count
    assert master["recurrence"]["range"]["startDate"] == "2026-11-02"
    assert master["recurrence"]["range"]["recurrenceTimeZone"] == ZONE


def test_the_last_day_of_a_range_counts_in_the_zone_of_the_series(ann: Graph) -> None:
    span = {"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-11-04"}
    body = recurring("2026-11-02T23:30", DAILY, span)
    for name, text in (("start", "2026-11-02T20:00:00"), ("end", "2026-11-02T21:00:00")):
        body[name] = {"dateTime": text, "timeZone": "Pacific Standard Time"}
    master = ann.post("/me/events", body)
    # 20:00 at the Pacific is 04:00 UTC of the next day.
    assert starts(instances(ann, master["id"])) == [
        "2026-11-03T04:00",
        "2026-11-04T04:00",
        "2026-11-05T04:00",
    ]


def test_wall_time_survives_dst(ann: Graph) -> None:
    master = ann.post(
        "/me/events",
        recurring("2026-10-23T09:00", {"type": "weekly", "daysOfWeek": ["friday"]}, COUNT),
    )
    assert starts(instances(ann, master["id"]))[:2] == ["2026-10-23T07:00", "2026-10-30T08:00"]


def test_all_day_series(ann: Graph) -> None:
    rule = {"pattern": {"interval": 1} | DAILY, "range": COUNT}
    master = ann.post("/me/events", whole_day("2026-10-24", zone=ZONE, recurrence=rule))
    found = instances(ann, master["id"])
    assert starts(found) == [f"2026-10-{day}T00:00" for day in (24, 25, 26, 27)]
    assert {row["isAllDay"] for row in found} == {True}


def test_every_occurrence_has_its_own_identity(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    found = instances(ann, master["id"])
    assert len({row["id"] for row in found} | {master["id"]}) == 5
    assert len({row["iCalUId"] for row in found} | {master["iCalUId"]}) == 5
    assert {row["type"] for row in found} == {"occurrence"}
    assert {row["seriesMasterId"] for row in found} == {master["id"]}
    assert all(row["recurrence"] is None for row in found)
    assert found[1]["originalStart"] == "2026-11-03T08:00:00.0000000Z"
    alone = ann.get(f"/me/events/{found[1]['id']}")
    del alone["@odata.context"]
    assert alone == found[1]


def test_the_ical_uid_tells_the_day_of_an_occurrence(
    microsoft: MicrosoftEmulator, ann: Graph
) -> None:
    own = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    assert [row["iCalUId"][32:40] for row in (own, instances(ann, own["id"])[1])] == [
        "00000000",
        "07EA0B03",
    ]
    body = recurring("2026-11-02T09:00", DAILY, COUNT)
    foreign = microsoft.create_event(ANN, body | {"iCalUId": "abc@google.com"})
    # [MS-OXOCAL] 2.2.1.27, [MS-OXCICAL] 2.1.3.1.1.20.26: 27 bytes of data, which end with a NUL.
    tail = "0" * 32 + "1B000000" + (b"vCal-Uid\x01\x00\x00\x00abc@google.com\x00").hex().upper()
    header = "040000008200E00074C5B7101A82E008"
    assert foreign["iCalUId"] == f"{header}00000000{tail}"
    assert instances(ann, foreign["id"])[1]["iCalUId"] == f"{header}07EA0B03{tail}"
    copied = microsoft.create_event(ANN, body | {"iCalUId": own["iCalUId"]})
    assert copied["iCalUId"] == own["iCalUId"]


def test_an_exception(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    second = instances(ann, master["id"])[1]
    path = f"/me/events/{second['id']}"
    later = timed("2026-11-03T15:00", zone=ZONE, subject="Later")
    exception = ann.patch(path, later)
    assert exception["type"] == "exception"
    assert exception["id"] == second["id"]
    assert exception["iCalUId"] == second["iCalUId"]
    assert exception["originalStart"] == second["originalStart"]
    assert exception["changeKey"] != second["changeKey"]
    found = instances(ann, master["id"])
    assert starts(found)[1] == "2026-11-03T14:00"
    assert [row["subject"] for row in found] == ["Series", "Later", "Series", "Series"]


def test_an_exception_keeps_what_it_does_not_change(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT, showAs="oof"))
    second = instances(ann, master["id"])[1]
    ann.patch(f"/me/events/{second['id']}", {"subject": "Other"})
    ann.patch(f"/me/events/{master['id']}", {"showAs": "free"})
    found = instances(ann, master["id"])
    assert [row["subject"] for row in found] == ["Series", "Other", "Series", "Series"]
    assert [row["showAs"] for row in found] == ["free", "oof", "free", "free"]


def test_a_removed_occurrence(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    second = instances(ann, master["id"])[1]
    ann.delete(f"/me/events/{second['id']}")
    assert refused(ann.ask("GET", f"/me/events/{second['id']}")) == (404, "ErrorItemNotFound")
    found = instances(ann, master["id"])
    assert starts(found) == ["2026-11-02T08:00", "2026-11-04T08:00", "2026-11-05T08:00"]
    assert ann.get(f"/me/events/{master['id']}")["changeKey"] != master["changeKey"]


def test_removed_occurrences_are_named_where_select_asks_for_them(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))["id"]
    second = instances(ann, master)[1]
    path = f"/me/events/{master}?$select=subject,cancelledOccurrences"
    assert ann.get(path)["cancelledOccurrences"] == []
    ann.delete(f"/me/events/{second['id']}")
    assert ann.get(path)["cancelledOccurrences"] == [f"OID.{master}.2026-11-03"]
    assert "cancelledOccurrences" not in ann.get(f"/me/events/{master}")
    assert (
        "cancelledOccurrences" not in ann.get("/me/events?$select=cancelledOccurrences")["value"][0]
    )


def test_an_exception_can_be_removed_too(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    second = instances(ann, master["id"])[1]
    ann.patch(f"/me/events/{second['id']}", {"subject": "Other"})
    ann.delete(f"/me/events/{second['id']}")
    assert len(instances(ann, master["id"])) == 3


def test_a_cancelled_occurrence_stays_visible(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    second = instances(ann, master["id"], Prefer=IMMUTABLE)[1]
    microsoft.patch_event(ANN, second["id"], {"isCancelled": True})
    found = instances(ann, master["id"])
    assert [row["isCancelled"] for row in found] == [False, True, False, False]
    assert found[1]["type"] == "exception"


def test_new_times_forget_the_exceptions(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    path = f"/me/events/{master['id']}"
    first, second, *_ = instances(ann, master["id"])
    ann.delete(f"/me/events/{first['id']}")
    ann.patch(f"/me/events/{second['id']}", {"subject": "Other"})
    ann.patch(path, {"recurrence": ann.get(path)["recurrence"]})
    assert len(instances(ann, master["id"])) == 3, "the same pattern again changes nothing"
    moved = ann.patch(path, timed("2026-11-03T10:00", zone=ZONE, subject="Series"))
    assert moved["recurrence"]["range"]["startDate"] == "2026-11-03"
    found = instances(ann, master["id"])
    assert starts(found) == [f"2026-11-0{day}T09:00" for day in (3, 4, 5, 6)]
    assert {row["subject"] for row in found} == {"Series"}


def test_a_series_can_become_a_single_event_and_back(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    path = f"/me/events/{master['id']}"
    assert ann.patch(path, {"recurrence": None})["type"] == "singleInstance"
    wanted = {"pattern": {"interval": 1} | DAILY, "range": COUNT}
    assert ann.patch(path, {"recurrence": wanted})["type"] == "seriesMaster"
    assert len(instances(ann, master["id"])) == 4


@pytest.mark.parametrize(
    ("pattern", "span"),
    [
        ({"type": "weekly"}, {"type": "noEnd"}),
        ({"type": "weekly", "daysOfWeek": []}, {"type": "noEnd"}),
        ({"type": "weekly", "daysOfWeek": ["moonday"]}, {"type": "noEnd"}),
        ({"type": "absoluteMonthly"}, {"type": "noEnd"}),
        ({"type": "absoluteYearly", "dayOfMonth": 3}, {"type": "noEnd"}),
        ({"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "fifth"}, COUNT),
        ({"type": "daily", "interval": -1}, COUNT),
        (DAILY, {"type": "numbered"}),
        (DAILY, {"type": "numbered", "numberOfOccurrences": 0}),
        (DAILY, {"type": "endDate"}),
        (DAILY, {"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-11-01"}),
        (DAILY, {"type": "sometimes"}),
    ],
)
def test_refused_patterns(ann: Graph, pattern: dict[str, Any], span: dict[str, Any]) -> None:
    answer = ann.ask("POST", "/me/events", recurring("2026-11-02T09:00", pattern, span))
    assert refused(answer) == (400, "ErrorPropertyValidationFailure")


def test_instances_need_a_window_and_a_series(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT))
    single = ann.post("/me/events", timed("2026-11-02T09:00"))
    wrong = (400, "ErrorInvalidParameter")
    assert refused(ann.ask("GET", f"/me/events/{master['id']}/instances")) == wrong
    assert refused(ann.ask("GET", f"/me/events/{single['id']}/instances?{YEARS}")) == wrong
