"""What does not take place is told in the same words whoever the provider is."""

from typing import Any

import pytest

from shared.decide.cancelled_instance import cancelled_instance
from shared.decide.event_row import event_row
from shared.model import Change, Deletion, Event, Refusal
from shared.states import EventKind
from tests.providers.caldav.examples import vcalendar, vevent
from tests.unit import google_examples, microsoft_examples
from tests.unit.microsoft_examples import ALL_DAY_SERIES, MASTER, MOVED, SERIES
from tests.unit.test_normalise_ics import BERLIN_TEN, HREF, changes

DAILY = (*BERLIN_TEN, "RRULE:FREQ=DAILY;COUNT=3")
SECOND = "20261125T090000Z"


def ics(*lines: str, more: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """What an object with one master, and other components, means."""
    return changes(vcalendar(vevent("u", *lines), *more))


def happening(change: Change) -> list[str]:
    """The keys of its occurrences."""
    assert isinstance(change, Event)
    return [each.key for each in change.occurrences]


def cancelled(found: tuple[Change, ...]) -> list[tuple[str, str]]:
    """Ids and keys of what does not take place."""
    events = [each for each in found if isinstance(each, Event)]
    return [(e.provider_event_id, e.occurrence_key) for e in events if e.when is None]


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        (["EXDATE;TZID=Europe/Berlin:20261125T100000"], [SECOND]),
        (["EXDATE:20261125T090000Z,20261126T090000Z"], [SECOND, "20261126T090000Z"]),
        (["EXDATE:20261125T100000", "EXDATE:20261125T090000Z"], [SECOND]),
    ],
)
def test_an_exdate_is_a_cancelled_instance(lines: list[str], keys: list[str]) -> None:
    found = ics(*DAILY, *lines)
    series = found[0]
    assert isinstance(series, Event)
    assert series.recurrence == ("RRULE:FREQ=DAILY;COUNT=3",), "as from other providers"
    assert cancelled(found) == [(f"{HREF}#{key}", key) for key in keys]
    assert not {*happening(series)} & {*keys}
    assert found[1] == cancelled_instance(f"{HREF}#{SECOND}", HREF, SECOND, '"1"')


def test_an_exdate_of_an_all_day_series_is_a_date() -> None:
    found = ics(
        "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261125T000000Z"
    )
    assert isinstance(found[0], Event)
    assert found[0].recurrence == ("RRULE:FREQ=DAILY;COUNT=3",)
    assert happening(found[0]) == ["20261124", "20261126"]
    assert cancelled(found) == [(f"{HREF}#20261125", "20261125")]


def test_a_mere_date_excludes_all_of_a_day() -> None:
    twice = "RRULE:FREQ=DAILY;COUNT=4;BYHOUR=10,15"
    found = ics(*BERLIN_TEN, twice, "EXDATE;VALUE=DATE:20261125")
    assert isinstance(found[0], Event)
    assert found[0].recurrence == (twice, "EXDATE;VALUE=DATE:20261125"), "to expand it again"
    assert happening(found[0]) == ["20261124T090000Z", "20261124T140000Z"]
    assert cancelled(found) == [(f"{HREF}#{SECOND}", SECOND)]


def test_an_instance_that_is_defined_takes_place_in_spite_of_an_exdate() -> None:
    moved = vevent("u", f"RECURRENCE-ID:{SECOND}", "DTSTART:20261125T120000Z")
    found = ics(*DAILY, f"EXDATE:{SECOND}", more=(moved,))
    assert cancelled(found) == []
    assert [happening(each) for each in found] == [
        ["20261124T090000Z", "20261126T090000Z"],
        [SECOND],
    ]


@pytest.mark.parametrize("recurs", [(), DAILY])
def test_what_is_called_off_as_a_whole_has_no_row(recurs: tuple[str, ...]) -> None:
    moved = vevent("u", f"RECURRENCE-ID:{SECOND}", "DTSTART:20261125T120000Z")
    series = {**SERIES, "master": {**MASTER, "isCancelled": True}}
    for found in (
        ics(*recurs, "STATUS:CANCELLED", more=(moved,)),
        microsoft_examples.changes({**microsoft_examples.TIMED, "isCancelled": True}),
        microsoft_examples.changes(series),
    ):
        assert [each.reason for each in found if isinstance(each, Refusal)] == ["called_off"]
        assert len(found) == 1
    gone = {**google_examples.TIMED, "status": "cancelled"}
    assert isinstance(google_examples.normalised(gone), Deletion)


def test_what_is_called_off_without_a_name_says_so() -> None:
    nameless = {**SERIES, "master": {**MASTER, "isCancelled": True, "id": None}}
    (refusal,) = microsoft_examples.changes(nameless)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "missing_id"


def named(*names: object, series: Any = SERIES) -> tuple[Change, ...]:
    """A series with these `cancelledOccurrences`."""
    master = {**series["master"], "cancelledOccurrences": list(names)}
    return microsoft_examples.changes({**series, "master": master})


def test_graph_names_cancelled_occurrences_by_their_day() -> None:
    found = named("OID.master.2026-12-15", "OID.master.2027-07-06")
    assert cancelled(found) == [
        ("OID.master.2026-12-15", "20261215T090000Z"),
        ("OID.master.2027-07-06", "20270706T080000Z"),
    ], "at ten in Berlin, in winter and in summer"
    etag = str(MASTER["@odata.etag"])
    expected = cancelled_instance("OID.master.2026-12-15", "master", "20261215T090000Z", etag)
    assert expected in found


def test_graph_names_cancelled_days_of_an_all_day_series() -> None:
    found = named("OID.master.2026-12-15", series=ALL_DAY_SERIES)
    assert cancelled(found) == [("OID.master.2026-12-15", "20261215")]


@pytest.mark.parametrize("name", [7, "", "OID.master", "OID.master.2026-13-01", "2026-12-15"])
def test_a_name_that_tells_no_day_is_passed_over(name: object) -> None:
    assert cancelled(named(name)) == []


def test_what_is_listed_takes_place_whatever_is_called_cancelled() -> None:
    days = ("2026-11-24", "2026-12-01")
    found = named(*(f"OID.master.{day}" for day in days))
    assert cancelled(found) == []
    assert "20261124T090000Z" in happening(found[0])
    assert MOVED["id"] in {each.provider_event_id for each in found}


def test_a_series_that_is_refused_has_no_cancelled_occurrences() -> None:
    broken = {**MASTER, "recurrence": {}, "cancelledOccurrences": ["OID.master.2026-12-15"]}
    found = microsoft_examples.changes({**SERIES, "master": broken, "exceptions": []})
    assert [type(each) for each in found] == [Refusal]


def test_the_same_row_from_each_provider() -> None:
    """But ids, etags and when it was cancelled, which only Google tells."""
    google = google_examples.normalised(google_examples.CANCELLED_INSTANCE)
    assert isinstance(google, Event)
    graph = next(e for e in named("OID.master.2026-12-15") if isinstance(e, Event) and not e.when)
    caldav = ics(*DAILY, f"EXDATE:{SECOND}")[1]
    assert isinstance(caldav, Event)
    theirs = {"provider_event_id", "etag", "series_event_id", "occurrence_key", "content_hash"}
    theirs |= {"provider_updated_at"}
    rows = [
        {name: value for name, value in event_row(each).items() if name not in theirs}
        for each in (google, graph, caldav)
    ]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0]["kind"] == EventKind.EXCEPTION.value


def test_nobody_organizes_what_nobody_is_invited_to() -> None:
    alone: dict[str, Any] = {"attendees": []}
    found = [
        google_examples.normalised({**google_examples.TIMED, **alone}),
        *microsoft_examples.changes({**microsoft_examples.TIMED, **alone}),
        *ics(*BERLIN_TEN, "ORGANIZER:mailto:ann@x.test"),
    ]
    assert [each.organizer for each in found if isinstance(each, Event)] == [None] * 3
