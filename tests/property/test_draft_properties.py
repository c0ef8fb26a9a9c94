"""Laws of drafts: what Google is sent is what is read again, and a patch comes to the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.draft_google import draft_google, is_as_drafted, new_google, patch_google
from shared.decide.normalise_google import normalise_google
from shared.model import Draft, Event, When, Window
from shared.states import ShowAs, Visibility
from tests.property.strategies import ZONES, all_day, timed

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
BLOCK = "calsync:b:0a1b2c3d:0123456789abcdef:fedcba9876543210"
APPOINTMENT = "calsync:a:0a1b2c3d:0123456789abcdef0123456789abcdef"


def whole_seconds(when: When) -> When:
    """Calendars know nothing finer."""
    start, end = when.start_at, when.end_at
    if start is None or end is None:
        return when
    return When(start.replace(microsecond=0), end.replace(microsecond=0))


# What Postgres can hold.
_letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(_letters, max_size=30)
drafts = st.builds(
    Draft,
    when=(timed() | all_day()).map(whole_seconds),
    summary=texts,
    description=st.none() | texts,
    location=st.none() | texts,
    show_as=st.sampled_from(ShowAs),
    visibility=st.sampled_from(Visibility),
    time_zone=st.none() | st.sampled_from(ZONES),
)


@given(drafts, st.sampled_from([BLOCK, APPOINTMENT]))
def test_what_is_sent_is_what_is_read(draft: Draft, tag: str) -> None:
    event = read(new_google(draft, tag))
    assert event.when == draft.when
    assert is_as_drafted(event, draft, tag)


@given(drafts, drafts)
def test_what_differs_is_noticed(draft: Draft, other: Draft) -> None:
    event = read(new_google(other, BLOCK))
    alike = draft_google(draft, BLOCK) == draft_google(other, BLOCK)
    if draft.when != other.when:
        assert not is_as_drafted(event, draft, BLOCK)
    if alike:
        assert is_as_drafted(event, draft, BLOCK)


@given(drafts, drafts)
def test_a_patch_of_anything_comes_to_the_draft(before: Draft, draft: Draft) -> None:
    held = patched(dict(new_google(before, APPOINTMENT)), dict(patch_google(draft, APPOINTMENT)))
    assert is_as_drafted(read(held), draft, APPOINTMENT)


@given(drafts)
def test_a_block_lost_its_tag(draft: Draft) -> None:
    event = replace(read(new_google(draft, BLOCK)), own_tag=None)
    assert not is_as_drafted(event, draft, BLOCK)


def read(body: dict[str, Any]) -> Event:
    """The event of a resource."""
    event = normalise_google(body, "UTC", WINDOW)
    assert isinstance(event, Event)
    return event


def patched(held: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What a resource becomes by a patch: objects merge, null takes away (events.patch)."""
    merged = dict(held)
    for name, value in said.items():
        inner = held.get(name)
        if isinstance(value, dict) and isinstance(inner, dict):
            merged[name] = patched(inner, value)
        else:
            merged[name] = value
    return {name: value for name, value in merged.items() if value is not None}
