"""Much to write at once, lost answers, and what goes wrong between us and a provider."""

from dataclasses import replace

import pytest

from shared.errors import GiveUp, QuotaExceeded, Reauthorize, Retry, Stale, Vanished
from shared.model import When
from shared.providers.base import Outcome, Write
from tests.conformance.desk import BUSY, HOUR, START, Desk, again, block

MANY = 120
LATER = replace(BUSY, when=When(START + HOUR, START + 2 * HOUR))


def test_a_create_whose_answer_was_lost_is_found_again(desk: Desk) -> None:
    write = block("one")
    desk.provider.lose_answer("create")
    _lost(desk, write)
    written = desk.written(write)
    assert written.as_asked
    desk.assert_holds(write, written)


def test_a_create_whose_answer_was_lost_has_another_content_by_now(desk: Desk) -> None:
    desk.provider.lose_answer("create")
    _lost(desk, block("one"))
    wanted = block("one", LATER)
    first = desk.written(wanted)
    assert not first.as_asked
    desk.assert_holds(wanted, first)
    desk.assert_holds(wanted, desk.written(again(wanted, first, LATER)), LATER)


def test_an_update_whose_answer_was_lost_is_done_or_told_stale(desk: Desk) -> None:
    write = block("one")
    update = again(write, desk.written(write), LATER)
    desk.provider.lose_answer("update")
    _lost(desk, update)
    outcome = desk.outcomes(update)[write.id]
    assert outcome.written or isinstance(outcome.error, Stale)
    event = desk.event()
    assert event.when == LATER.when
    assert event.own_tag == write.tag
    if outcome.written:
        assert outcome.written.etag == event.etag


def test_a_deletion_whose_answer_was_lost_is_done(desk: Desk) -> None:
    write = block("one")
    deletion = again(write, desk.written(write), None)
    desk.provider.lose_answer("delete")
    _lost(desk, deletion)
    assert desk.outcomes(deletion)[write.id] == Outcome(write.id)
    assert desk.events() == []


def test_one_lost_answer_among_many(desk: Desk) -> None:
    writes = _many(12)
    desk.provider.lose_answer("create")
    _lost(desk, *writes)
    found = desk.outcomes(*writes)
    assert all(outcome.written and outcome.written.as_asked for outcome in found.values())
    assert _tags(desk) == sorted(write.tag for write in writes)


def test_many_at_once_and_one_of_them_in_vain(desk: Desk) -> None:
    gone = block("gone")
    update = again(gone, desk.written(gone), LATER)
    desk.provider.remove(str(update.provider_event_id))
    creates = _many(MANY - 1)
    calls = desk.session.api_calls
    found = desk.outcomes(*creates[:70], update, *creates[70:])
    assert desk.session.api_calls - calls >= MANY
    assert isinstance(found.pop(gone.id).error, Vanished)
    events = {event.provider_event_id: event for event in desk.events()}
    assert len(events) == MANY - 1
    for write in creates:
        written = found[write.id].written
        assert written, found[write.id].error
        event = events[written.provider_event_id]
        assert (event.own_tag, event.etag) == (write.tag, written.etag)


def test_creates_updates_and_deletions_together(desk: Desk) -> None:
    old = _many(8)
    first = desk.outcomes(*old)
    updates = [again(write, first[write.id].written, LATER) for write in old[:4]]
    deletions = [again(write, first[write.id].written, None) for write in old[4:]]
    creates = [block(f"new {number}") for number in range(4)]
    found = desk.outcomes(*updates, *deletions, *creates)
    assert all(found[write.id] == Outcome(write.id) for write in deletions)
    assert all(found[write.id].written for write in (*updates, *creates))
    held = {event.own_tag: event.when for event in desk.events()}
    assert held == {
        **{write.tag: LATER.when for write in updates},
        **{write.tag: BUSY.when for write in creates},
    }


def test_quota_in_the_middle(desk: Desk) -> None:
    writes = _many(30)
    desk.provider.limit(10)
    outcomes, error = desk.attempt(*writes)
    assert isinstance(error, QuotaExceeded)
    assert error.retry_after is not None
    assert all(outcome.written for outcome in outcomes), "what was not done has no outcome yet"
    done = {outcome.id for outcome in outcomes}
    assert len(outcomes) == len(done) == 10
    assert _tags(desk) == sorted(write.tag for write in writes if write.id in done)
    desk.provider.lift_limit()
    rest = desk.outcomes(*(write for write in writes if write.id not in done))
    assert all(outcome.written for outcome in rest.values())
    assert _tags(desk) == sorted(write.tag for write in writes)


@pytest.mark.parametrize("number", [1, 7])
def test_lost_access(desk: Desk, number: int) -> None:
    desk.provider.lose_access()
    outcomes, error = desk.attempt(*_many(number))
    assert outcomes == []
    assert isinstance(error, Reauthorize)


@pytest.mark.parametrize("number", [1, 3])
def test_a_calendar_that_may_only_be_read(desk: Desk, number: int) -> None:
    desk.calendar_id = desk.provider.read_only()
    for outcome in desk.outcomes(*_many(number)).values():
        assert isinstance(outcome.error, GiveUp)
        assert outcome.error.code == "forbidden"


@pytest.mark.parametrize("number", [1, 3])
def test_a_calendar_that_is_gone(desk: Desk, number: int) -> None:
    desk.calendar_id = desk.provider.missing()
    for outcome in desk.outcomes(*_many(number)).values():
        assert isinstance(outcome.error, GiveUp)
        assert outcome.error.code == "calendar_not_found"


def test_nothing_to_write(desk: Desk) -> None:
    calls = desk.session.api_calls
    assert desk.attempt() == ([], None)
    assert desk.session.api_calls == calls


def _many(number: int) -> list[Write]:
    return [block(f"block {each}") for each in range(number)]


def _lost(desk: Desk, *writes: Write) -> None:
    """Does them once; where an answer was lost, that is to be tried again."""
    outcomes, error = desk.attempt(*writes)
    told = [outcome.error for outcome in outcomes if outcome.error]
    assert all(type(each) is Retry for each in (*told, *filter(None, [error])))


def _tags(desk: Desk) -> list[str]:
    return sorted(str(event.own_tag) for event in desk.events())
