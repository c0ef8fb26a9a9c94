"""Whatever a CalDAV server hands out, it becomes events, deletions or refusals, never an error."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from shared.decide.event_row import event_row
from shared.decide.normalise_ics import normalise_ics
from shared.model import Event
from shared.states import EventKind, EventStatus
from tests.property.strategies import any_json, any_text
from tests.property.test_google_properties import must_be_storable
from tests.providers.caldav.examples import BERLIN, vcalendar, vevent
from tests.unit.google_examples import WINDOW

SERIES = vevent(
    "s", "SUMMARY:Daily", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261126T090000Z",
    "ORGANIZER;CN=Ann:mailto:ann@x.test", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@x.test",
    "CONFERENCE:https://meet.google.com/abc-defg-hij", "CLASS:PRIVATE", "DURATION:PT1H",
)  # fmt: skip
MOVED = vevent("s", "RECURRENCE-ID:20261125T090000Z", "DTSTART;TZID=Europe/Berlin:20261125T100000")
ALL_DAY = vevent("d", "DTSTART;VALUE=DATE:20261124", "RDATE;VALUE=PERIOD:20261125T090000Z/PT1H")
WHOLE = vcalendar(BERLIN, SERIES, MOVED, ALL_DAY)
LINES = WHOLE.split("\r\n")

values = st.sampled_from(
    [
        "20261124T090000Z", "20261124", "00010101T000000Z", "99991231T235959", "P1W", "-PT1H",
        "FREQ=SECONDLY", "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2", "20261125T090000Z/20261124",
        "+9999", "/Europe/Berlin", "mailto:", "99999999999999999999",
    ]
)  # fmt: skip


def mutated_line(line: str, other: str, cut: int) -> str:
    return f"{line[:cut]}{other}"


lines = st.lists(
    st.sampled_from(LINES)
    | any_text
    | st.builds(
        lambda line, value: f"{line.partition(':')[0]}:{value}",
        st.sampled_from(LINES),
        values | any_text,
    )
    | st.builds(mutated_line, st.sampled_from(LINES), st.sampled_from(LINES), st.integers(0, 30)),
    max_size=60,
)
swapped = st.builds(
    lambda at, new: "\r\n".join([*LINES[:at], new, *LINES[at + 1 :]]),
    st.integers(0, len(LINES) - 1),
    st.builds(
        lambda line, value: f"{line.partition(':')[0]}:{value}", st.sampled_from(LINES), values
    )
    | any_text,
)


def must_be_consistent(event: Event) -> None:
    gone = event.kind is EventKind.EXCEPTION and event.status is EventStatus.CANCELLED
    assert (event.when is None) == gone
    assert (event.kind is EventKind.EXCEPTION) == (event.series_event_id is not None)
    assert (event.kind is EventKind.SERIES) == bool(event.recurrence)
    assert bool(event.occurrence_key) == (event.kind is EventKind.EXCEPTION)
    assert event.is_whole == (event.kind is not EventKind.EXCEPTION)


def check(raw: dict[str, object]) -> None:
    changes = normalise_ics(raw, "Europe/Berlin", WINDOW, frozenset({"ann@x.test"}))
    for change in changes:
        if isinstance(change, Event):
            must_be_consistent(change)
            text = json.dumps(event_row(change), allow_nan=False, ensure_ascii=False)
            assert "\\u0000" not in text
            assert text.encode()
        else:
            must_be_storable(change)
    masters = [c.provider_event_id for c in changes if isinstance(c, Event) and c.is_whole]
    assert len(masters) == len(set(masters))


@given(swapped | lines.map("\r\n".join) | any_text)
@example(WHOLE)
def test_any_text(data: str) -> None:
    check({"href": "/a.ics", "etag": '"1"', "data": data})


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_any_part_of_an_object(start: int, end: int) -> None:
    check({"href": "/a.ics", "etag": '"1"', "data": WHOLE[start:end]})


@given(st.dictionaries(st.sampled_from(["href", "etag", "data", "deleted", "known"]), any_json))
def test_any_item(raw: dict[str, object]) -> None:
    check(raw)


@given(st.permutations([SERIES, MOVED, ALL_DAY]))
def test_the_order_of_components_means_nothing(components: list[str]) -> None:
    found = normalise_ics(
        {"href": "/a.ics", "etag": "1", "data": vcalendar(*components)}, "UTC", WINDOW
    )
    keys = {(c.ical_uid, c.occurrence_key) for c in found if isinstance(c, Event)}
    excluded = (None, "20261126T090000Z")
    assert keys == {("s", ""), ("s", "20261125T090000Z"), ("d", ""), excluded}
