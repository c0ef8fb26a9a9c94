"""Whatever JSON Google sends, it becomes an event, a deletion or a refusal that can be stored."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.event_row import event_row
from shared.decide.normalise_google import normalise_google
from shared.decide.overlap import overlaps
from shared.model import Change, Deletion, Event, Refusal
from shared.states import EventKind, EventStatus
from tests.property.strategies import any_json, any_text
from tests.unit.google_examples import BERLIN, EVERY_SHAPE, WINDOW

FIELDS = sorted(
    {name for raw in EVERY_SHAPE for name in raw}
    | {"attendees", "extendedProperties", "transparency", "visibility", "recurrence"}
)
REASON = re.compile(r"[a-z]+(?:_[a-z]+)*")

broken_times = st.fixed_dictionaries(
    {},
    optional={
        "date": any_json | st.sampled_from(["2026-11-24", "0001-01-01", "9999-12-31"]),
        "dateTime": any_json
        | st.sampled_from(
            ["2026-11-24T10:00:00", "0001-01-01T00:00:00+09:00", "2026-11-24T10:00:00Z"]
        ),
        "timeZone": any_json | st.sampled_from(["America", "../x", "localtime", "Asia/Tokyo"]),
    },
)
broken_lines = st.lists(
    any_text | st.sampled_from(["RRULE:FREQ=DAILY", "RRULE:FREQ=SECONDLY", "RDATE:20261124"]),
    max_size=3,
)


def must_be_storable(change: Change) -> None:
    if isinstance(change, Event):
        must_be_consistent(change)
        text = json.dumps(event_row(change), allow_nan=False, ensure_ascii=False)
    else:
        text = str(change)
    assert "\x00" not in text
    assert "\\u0000" not in text
    assert text.encode() != b""  # raises on half a surrogate pair
    if isinstance(change, Refusal):
        assert REASON.fullmatch(change.reason)
    assert isinstance(change, Refusal) or change.provider_event_id


def must_be_consistent(event: Event) -> None:
    gone = event.status is EventStatus.CANCELLED
    assert (event.when is None) == gone
    assert (event.kind is EventKind.EXCEPTION) == (event.series_event_id is not None)
    assert (event.kind is EventKind.SERIES) == bool(event.recurrence)
    assert bool(event.occurrence_key) == (event.kind is EventKind.EXCEPTION)
    assert all(overlaps(each.when, WINDOW) for each in event.occurrences)


@given(st.dictionaries(st.sampled_from(FIELDS) | any_text, any_json, max_size=8))
def test_any_json_object_becomes_a_change(raw: dict[str, object]) -> None:
    must_be_storable(normalise_google(raw, BERLIN, WINDOW))


@given(
    st.sampled_from(EVERY_SHAPE),
    st.dictionaries(st.sampled_from(FIELDS), any_json | broken_times | broken_lines, max_size=3),
    st.sampled_from([BERLIN, "UTC", "", "Mars/Olympus"]),
)
def test_a_real_event_with_broken_fields_becomes_a_change(
    raw: dict[str, object], broken: dict[str, object], zone: str
) -> None:
    must_be_storable(normalise_google(raw | broken, zone, WINDOW))


@given(st.sampled_from(EVERY_SHAPE), st.sampled_from(FIELDS))
def test_a_missing_field_never_changes_which_event_it_is(
    raw: dict[str, object], missing: str
) -> None:
    rest = {name: value for name, value in raw.items() if name != missing}
    change = normalise_google(rest, BERLIN, WINDOW)
    assert change.provider_event_id == rest.get("id", "")


@given(st.sampled_from([raw for raw in EVERY_SHAPE if raw.get("status") != "cancelled"]), any_text)
def test_what_is_cancelled_without_a_series_is_a_deletion(
    raw: dict[str, object], summary: str
) -> None:
    rest = {name: value for name, value in raw.items() if name != "recurringEventId"}
    change = normalise_google(rest | {"status": "cancelled", "summary": summary}, BERLIN, WINDOW)
    assert isinstance(change, Deletion)


@given(any_text)
def test_a_refusal_repeats_nothing_personal(secret: str) -> None:
    raw = {
        "id": "e1",
        "summary": f"secret {secret}",
        "start": {"dateTime": f"secret {secret}"},
        "attendees": [{"email": f"secret {secret}@x.test"}],
    }
    change = normalise_google(raw, BERLIN, WINDOW)
    assert isinstance(change, Refusal)
    assert "secret" not in change.detail + change.reason
