"""Hashes see content and nothing else; drift is found and only drift."""

import json
from dataclasses import replace
from datetime import datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.diff_mirror import Drift, Mirrored, diff_mirror
from shared.decide.event_from_row import event_from_row
from shared.decide.event_row import content_hash, event_row, occurrence_hash
from shared.model import Event, Occurrence
from tests.property.strategies import events, instants, occurrences

CONTENT = ("kind", "status", "when", "summary", "show_as", "visibility", "organizer", "attendees",
           "self_response", "recurrence")  # fmt: skip


def comparable(event: Event, name: str) -> object:
    """A field of an event, its parts in a fixed order if they have none of their own."""
    value = getattr(event, name)
    return sorted(map(repr, value)) if isinstance(value, tuple) else value


mirrored = st.builds(
    Mirrored, st.sampled_from("abcdef"), st.sampled_from("12"), st.sampled_from("34")
)
sides = st.lists(mirrored, max_size=8, unique_by=lambda each: each.provider_event_id)


@given(events, st.randoms(use_true_random=False), instants)
def test_content_survives_shuffling_and_bookkeeping(
    event: Event, random: Random, at: datetime
) -> None:
    attendees, recurrence = list(event.attendees), list(event.recurrence)
    random.shuffle(attendees)
    random.shuffle(recurrence)
    same = replace(
        event,
        attendees=tuple(attendees),
        recurrence=tuple(recurrence),
        etag=event.etag + "x",
        sequence=event.sequence + 1,
        provider_updated_at=at,
        occurrences=(),
    )
    assert content_hash(same) == content_hash(event)


@given(events, events, st.sampled_from(CONTENT))
def test_content_is_another_exactly_where_a_column_is(
    event: Event, other: Event, name: str
) -> None:
    changed = replace(event, **{name: getattr(other, name)})
    assert (content_hash(changed) == content_hash(event)) == (
        comparable(changed, name) == comparable(event, name)
    )


@given(st.lists(occurrences, max_size=5), st.lists(occurrences, max_size=5))
def test_occurrences_are_equal_as_bags(one: list[Occurrence], other: list[Occurrence]) -> None:
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (occurrence_hash(one) == occurrence_hash(other)) == same
    assert occurrence_hash(one) == occurrence_hash(reversed(one))


@given(events)
def test_an_event_comes_back_from_its_row(event: Event) -> None:
    assert event_from_row(json.loads(json.dumps(event_row(event)))) == event


@given(sides)
def test_a_mirror_has_no_drift_from_itself(side: list[Mirrored]) -> None:
    assert diff_mirror(side, reversed(side)) == Drift()


@given(sides, sides)
def test_drift_is_exactly_what_must_be_repaired(
    expected: list[Mirrored], actual: list[Mirrored]
) -> None:
    drift = diff_mirror(expected, actual)
    there = {each.provider_event_id: each for each in expected}
    repaired = {each.provider_event_id: each for each in actual}
    for gone in drift.surplus:
        del repaired[gone]
    for wrong in (*drift.missing, *drift.different):
        assert repaired.get(wrong) != there[wrong]
        repaired[wrong] = there[wrong]
    assert repaired == there
    assert drift.count == len({*drift.missing, *drift.surplus, *drift.different})
    assert diff_mirror(actual, expected).surplus == drift.missing
