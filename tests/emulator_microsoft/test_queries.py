"""OData query options on events."""

from urllib.parse import quote

import pytest

from tests.emulator_microsoft.helpers import Graph, refused, timed
from tests.support.microsoft_emulator import MicrosoftEmulator


@pytest.fixture
def three(ann: Graph) -> Graph:
    """Ann with three events: alpha (10:00, busy), Beta (09:00, free), gamma's (11:00, busy)."""
    ann.post("/me/events", timed("2026-11-24T10:00", subject="alpha"))
    ann.post("/me/events", timed("2026-11-24T09:00", subject="Beta", showAs="free"))
    ann.post("/me/events", timed("2026-11-24T11:00", subject="gamma's", isAllDay=False))
    return ann


def subjects(graph: Graph, query: str) -> list[str]:
    return [row["subject"] for row in graph.everything(f"/me/events?{query}")]


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("subject eq 'ALPHA'", ["alpha"]),
        ("subject ne 'alpha'", ["Beta", "gamma's"]),
        ("subject eq 'gamma''s'", ["gamma's"]),
        ("startswith(subject,'be')", ["Beta"]),
        ("contains(subject, 'AMM')", ["gamma's"]),
        ("endswith(subject,'a')", ["alpha", "Beta"]),
        ("start/dateTime ge '2026-11-24T10:00'", ["alpha", "gamma's"]),
        ("start/dateTime lt '2026-11-24T10:00:00Z'", ["Beta"]),
        (
            "start/dateTime gt '2026-11-24T09:00' and end/dateTime le '2026-11-24T11:00'",
            ["alpha"],
        ),
        ("start/dateTime ge '2026-11-24T11:00:00+01:00'", ["alpha", "gamma's"]),
        ("showAs eq 'free' or subject eq 'alpha'", ["alpha", "Beta"]),
        ("not (showAs eq 'free' or subject eq 'alpha')", ["gamma's"]),
        ("subject eq 'alpha' or subject eq 'Beta' and showAs eq 'busy'", ["alpha"]),
        ("isAllDay eq false and seriesMasterId eq null", ["alpha", "Beta", "gamma's"]),
        ("type eq 'seriesMaster'", []),
        ("reminderMinutesBeforeStart gt 20", []),
        ("lastModifiedDateTime ge 2020-01-01T00:00:00Z", ["alpha", "Beta", "gamma's"]),
    ],
)
def test_filter(three: Graph, test: str, found: list[str]) -> None:
    assert sorted(subjects(three, f"$filter={quote(test)}")) == sorted(found)


def test_filter_by_ical_uid(three: Graph) -> None:
    wanted = three.get("/me/events?$top=1")["value"][0]
    uid = wanted["iCalUId"]
    assert subjects(three, f"$filter=iCalUId eq '{uid}'") == [wanted["subject"]]


@pytest.mark.parametrize(
    "query",
    [
        "$filter=subject eq",
        "$filter=subject like 'x'",
        "$filter=(subject eq 'x'",
        "$filter=subject eq 'x' subject",
        "$search=x",
        "$top=0",
        "$top=1001",
        "$top=ten",
        "$skip=-1",
        "$expand=attachments",
        "$format=xml",
    ],
)
def test_refused_queries(three: Graph, query: str) -> None:
    assert refused(three.ask("GET", f"/me/events?{query}")) == (400, "ErrorInvalidUrlQuery")


def test_order(three: Graph) -> None:
    assert subjects(three, "$orderby=start/dateTime") == ["Beta", "alpha", "gamma's"]
    assert subjects(three, "$orderby=start/dateTime desc") == ["gamma's", "alpha", "Beta"]
    assert subjects(three, "$orderby=showAs,subject desc") == ["gamma's", "alpha", "Beta"]


def test_select(three: Graph) -> None:
    row = three.get("/me/events?$select=subject,start")["value"][0]
    assert set(row) == {"@odata.etag", "id", "subject", "start"}


def test_pages_and_counts(three: Graph) -> None:
    first = three.get("/me/events?$top=2&$count=true&$orderby=subject")
    assert (first["@odata.count"], len(first["value"])) == (3, 2)
    second = three.get(first["@odata.nextLink"])
    assert (len(second["value"]), "@odata.nextLink" in second) == (1, False)
    assert len(three.get("/me/events?$skip=1")["value"]) == 2


def test_page_size_by_preference_setting_and_fault(
    microsoft: MicrosoftEmulator, three: Graph
) -> None:
    assert len(three.get("/me/events", Prefer="odata.maxpagesize=1")["value"]) == 1
    microsoft.settings(page_size_cap=2)
    assert len(three.get("/me/events?$top=50")["value"]) == 2
    microsoft.fault("short_pages", size=1, times=1)
    assert len(three.get("/me/events")["value"]) == 1
    microsoft.fault("empty_page", times=1)
    page = three.get("/me/events")
    assert page["value"] == []
    assert len(three.everything(page["@odata.nextLink"])) == 3
