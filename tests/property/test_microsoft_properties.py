"""Whatever JSON Graph sends, it becomes events, a deletion or refusals that can be stored."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decide.client_state import issue_client_state
from shared.decide.event_row import event_row
from shared.decide.overlap import overlaps
from shared.decide.read_microsoft_notification import read_microsoft_notification
from shared.errors import Forbidden, InvalidRequest
from shared.model import Change, Deletion, Event, Refusal
from shared.states import EventKind, EventStatus
from tests.property.strategies import any_json, any_text
from tests.unit.microsoft_examples import (
    ALL_DAY_SERIES,
    BERLIN,
    EVERY_SHAPE,
    MASTER,
    MOVED,
    SERIES,
    TIMED,
    WINDOW,
    changes,
)

REASON = re.compile(r"[a-z]+(?:_[a-z]+)*")
FIELDS = sorted({*TIMED, *MASTER, *MOVED, "@removed", "master", "occurrences", "exceptions"})
STATE = issue_client_state("secret", str(UUID(int=5)), UUID(int=7))

broken_times = st.fixed_dictionaries(
    {},
    optional={
        "dateTime": any_json
        | st.sampled_from(
            [
                "2026-11-24T10:00:00",
                "0001-01-01T00:00:00.0000000",
                "9999-12-31T23:59:59.9999999",
                "0001-01-02T00:00:00+14:00",
                "2026-11-24T10:00:00.1Z",
            ]
        ),
        "timeZone": any_json | st.sampled_from([BERLIN, "UTC", "tzone://Microsoft/Custom", "../x"]),
    },
)
broken_recurrence = st.fixed_dictionaries(
    {
        "pattern": st.fixed_dictionaries(
            {"type": any_text | st.sampled_from(["daily", "weekly", "relativeYearly"])},
            optional={
                name: any_json | st.sampled_from([1, 31, ["monday"], "last"])
                for name in ("interval", "month", "dayOfMonth", "daysOfWeek", "index")
            },
        ),
        "range": st.fixed_dictionaries(
            {"type": any_text | st.sampled_from(["noEnd", "endDate", "numbered"])},
            optional={
                name: any_json | st.sampled_from(["2026-12-31", "9999-12-31", 3])
                for name in ("endDate", "numberOfOccurrences", "recurrenceTimeZone")
            },
        ),
    }
)
broken = st.dictionaries(
    st.sampled_from(FIELDS), any_json | broken_times | broken_recurrence, max_size=4
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
    assert isinstance(change, Refusal | Deletion) or change.provider_event_id


def must_be_consistent(event: Event) -> None:
    """As the CHECK constraints of calendar_events have it."""
    called_off = event.kind is EventKind.EXCEPTION and event.status is EventStatus.CANCELLED
    assert (event.when is None) == called_off
    assert (event.kind is EventKind.EXCEPTION) == (event.series_event_id is not None)
    assert (event.kind is EventKind.SERIES) == bool(event.recurrence)
    assert event.is_whole == event.is_listed == (event.kind is EventKind.SERIES)
    assert bool(event.occurrence_key) == (event.kind is EventKind.EXCEPTION)
    assert all(overlaps(each.when, WINDOW) for each in event.occurrences)
    keys = [each.key for each in event.occurrences]
    assert len(keys) == len(set(keys))


@given(st.sampled_from(EVERY_SHAPE), broken)
def test_broken_fields(raw: dict[str, Any], broken: dict[str, Any]) -> None:
    for change in changes({**raw, **broken}):
        must_be_storable(change)


@given(st.sampled_from([SERIES, ALL_DAY_SERIES]), broken, broken, any_text)
def test_broken_series(
    raw: dict[str, Any], master: dict[str, Any], exception: dict[str, Any], zone: str
) -> None:
    spoilt = {
        "master": {**raw["master"], **master},
        "occurrences": [*raw["occurrences"], exception],
        "exceptions": [{**each, **exception} for each in raw["exceptions"]],
    }
    found = changes(spoilt, zone)
    assert len(found) == 1 + len(raw["exceptions"])
    for change in found:
        must_be_storable(change)


@given(st.dictionaries(st.sampled_from(FIELDS) | any_text, any_json))
def test_any_object(raw: dict[str, Any]) -> None:
    for change in changes(raw):
        must_be_storable(change)


@given(any_json)
def test_no_body_is_too_odd(body: object) -> None:
    with pytest.raises((Forbidden, InvalidRequest)):
        read_microsoft_notification(body, ["secret"], None)


ITEM_FIELDS = ("id", "subscriptionId", "changeType", "lifecycleEvent", "resource")


@given(st.lists(st.dictionaries(st.sampled_from(ITEM_FIELDS), any_json), max_size=3), any_text)
def test_odd_items_are_read_or_refused(items: list[dict[str, Any]], forged: str) -> None:
    good = {"subscriptionId": "s", "changeType": "updated", "clientState": STATE}
    body = {"value": [good, *({**good, **item} for item in items), {"clientState": forged}]}
    try:
        delivery = read_microsoft_notification(body, ["secret"], UUID(int=7))
    except InvalidRequest:
        return
    assert delivery.forged == 1
    assert len(delivery.notifications) == 1 + len(items)
    assert all(0 < each.message_number < 2**63 for each in delivery.notifications)
