"""A write that was done though Google said otherwise, done again: nothing is there twice."""

from dataclasses import replace

import pytest

from shared.errors import Retry
from shared.model import Draft
from shared.providers.base import Outcome, Write
from shared.providers.google import GoogleSession
from tests.providers.conftest import ANN
from tests.providers.google_writes import DRAFT, attempt, block
from tests.support.google_emulator import GoogleEmulator

MANY = pytest.mark.parametrize("number", [1, 3])


@MANY
def test_creates(emulator: GoogleEmulator, session: GoogleSession, number: int) -> None:
    writes = [block(each) for each in range(number)]
    _lose(emulator, session, "events.insert", writes)
    _all_as_held(emulator, done(session, writes))
    assert len(emulator.events(ANN)) == number


@MANY
def test_updates(emulator: GoogleEmulator, session: GoogleSession, number: int) -> None:
    """The etag that was known is not that of the event any more, but its content is ours."""
    changed = replace(DRAFT, summary="Later")
    created = done(session, [block(each) for each in range(number)])
    updates = [following(each, created, changed) for each in range(number)]
    _lose(emulator, session, "events.update", updates)
    _all_as_held(emulator, done(session, updates))
    assert {event["summary"] for event in emulator.events(ANN)} == {"Later"}


@MANY
def test_deletions(emulator: GoogleEmulator, session: GoogleSession, number: int) -> None:
    created = done(session, [block(each) for each in range(number)])
    deletions = [following(each, created, None) for each in range(number)]
    _lose(emulator, session, "events.delete", deletions)
    assert all(outcome == Outcome(outcome.id) for outcome in done(session, deletions).values())
    assert emulator.events(ANN) == []


@MANY
def test_a_connection_that_dies_under_creates(
    emulator: GoogleEmulator, session: GoogleSession, number: int
) -> None:
    """httplib2 may have sent them once more by itself; whether it did makes no difference."""
    writes = [block(each) for each in range(number)]
    emulator.fault("cut", when="after", match={"method": "events.insert"}, times=1)
    attempt(session, *writes)
    _all_as_held(emulator, done(session, writes))
    assert len(emulator.events(ANN)) == number


def done(session: GoogleSession, writes: list[Write]) -> dict[int, Outcome]:
    """The outcomes, all of them good."""
    outcomes, error = attempt(session, *writes)
    assert error is None, error
    assert [outcome.error for outcome in outcomes.values()] == [None] * len(writes)
    return outcomes


def following(number: int, created: dict[int, Outcome], draft: Draft | None) -> Write:
    """The update or deletion of that block."""
    written = created[number].written
    assert written is not None
    known = block(number, provider_event_id=written.provider_event_id, etag=written.etag)
    return replace(known, draft=draft)


def _lose(
    emulator: GoogleEmulator, session: GoogleSession, method: str, writes: list[Write]
) -> None:
    """Does them, and hears that Google is in trouble."""
    emulator.fault("status", status=503, when="after", match={"method": method}, times=len(writes))
    outcomes, error = attempt(session, *writes)
    assert error is None
    assert [type(outcome.error) for outcome in outcomes.values()] == [Retry] * len(writes)


def _all_as_held(emulator: GoogleEmulator, outcomes: dict[int, Outcome]) -> None:
    held = {event["id"]: event["etag"] for event in emulator.events(ANN)}
    written = [outcome.written for outcome in outcomes.values() if outcome.written]
    assert all(each.as_asked for each in written)
    assert {each.provider_event_id: each.etag for each in written} == held
