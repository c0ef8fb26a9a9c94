"""What is written is there, once, and what is not ours stays as it was."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.errors import Stale, Vanished
from shared.model import Draft, When
from shared.states import ShowAs, Visibility
from tests.conformance.conftest import Check
from tests.conformance.desk import BUSY, HOUR, START, Desk, Make, again, appointment, block
from tests.conformance.rows import single

LATER = replace(BUSY, when=When(START + HOUR, START + 3 * HOUR), summary="🔒 Board (later)")
LUNCH = replace(BUSY, when=When(START + 5 * HOUR, START + 6 * HOUR), summary="Lunch")


def test_a_block_reaches_the_mirror(desk: Desk, holds: Check) -> None:
    write = block("one", replace(BUSY, visibility=Visibility.PRIVATE))
    desk.written(write)
    row = {"zone": "Europe/Berlin", "visibility": "private", "own_tag": write.tag}
    holds(single("🔒 Board", START, START + HOUR, is_busy=False, **row))


def test_an_all_day_block_reaches_the_mirror(desk: Desk, holds: Check) -> None:
    # The clocks go back on that Sunday.
    saturday, tuesday = date(2026, 10, 24), date(2026, 10, 27)
    write = block("days", Draft(When(start_date=saturday, end_date=tuesday), "Trip"))
    desk.written(write)
    row = {"zone": None, "own_tag": write.tag, "is_busy": False, "is_all_day": True}
    holds(single("Trip", saturday, tuesday, **row))


def test_an_appointment_reaches_the_mirror(desk: Desk, holds: Check) -> None:
    text = "Agenda: budget, plans; rest\nSecond line \\ äöü"
    begin, end = datetime(2027, 1, 5, 4, 30, tzinfo=UTC), datetime(2027, 1, 5, 5, tzinfo=UTC)
    zone = "America/New_York"
    draft = Draft(When(begin, end), "Call, late", text, "Room 1; left", ShowAs.FREE, time_zone=zone)
    write = appointment("call", draft)
    desk.written(write)
    row = {"zone": zone, "own_tag": write.tag, "is_busy": False, "show_as": "free"}
    told = {"description": text, "location": "Room 1; left"}
    holds(single("Call, late", begin, end, **row, **told))


def test_an_appointment_takes_time(desk: Desk, holds: Check) -> None:
    write = appointment("board", replace(BUSY, time_zone=None))
    desk.written(write)
    holds(single("🔒 Board", START, START + HOUR, zone="UTC", own_tag=write.tag))


def test_created_twice_is_there_once(desk: Desk) -> None:
    first, second = desk.written(block("one")), desk.written(block("one"))
    assert second == replace(first, as_asked=True)
    desk.assert_holds(block("one"), second)


def test_created_once_more_with_another_content_is_not_as_asked(desk: Desk) -> None:
    first = desk.written(block("one"))
    wanted = block("one", LATER)
    second = desk.written(wanted)
    assert second == replace(first, as_asked=False)
    desk.assert_holds(wanted, second)
    third = desk.written(again(wanted, second, LATER))
    assert third.as_asked
    desk.assert_holds(wanted, third, LATER)


@pytest.mark.parametrize("make", [block, appointment])
def test_updated_in_place_by_one_request(desk: Desk, make: Make) -> None:
    write = make("one", BUSY)
    first = desk.written(write)
    before, calls = desk.provider.writes(), desk.session.api_calls
    second = desk.written(again(write, first, LATER))
    assert desk.provider.writes() - before == 1
    assert desk.session.api_calls > calls
    assert second.provider_event_id == first.provider_event_id
    assert second.etag != first.etag
    assert second.as_asked
    desk.assert_holds(write, second, LATER)


def test_made_all_day_and_back(desk: Desk) -> None:
    write = appointment("one")
    first = desk.written(write)
    day = replace(BUSY, when=When(start_date=date(2026, 11, 25), end_date=date(2026, 11, 26)))
    second = desk.written(again(write, first, day))
    desk.assert_holds(write, second, day)
    third = desk.written(again(write, second, BUSY))
    desk.assert_holds(write, third)


def test_what_is_not_said_any_more_is_taken_away(desk: Desk) -> None:
    wordy = replace(BUSY, description="Long", location="Room 1", show_as=ShowAs.TENTATIVE)
    write = appointment("one", wordy)
    first = desk.written(write)
    desk.assert_holds(write, first, wordy)
    second = desk.written(again(write, first, BUSY))
    desk.assert_holds(write, second)


def test_a_change_that_we_have_not_seen_is_not_overwritten(desk: Desk) -> None:
    write = block("one")
    first = desk.written(write)
    desk.provider.retitle(first.provider_event_id, "Mine now")
    for next_write in (again(write, first, LATER), again(write, first, None)):
        assert isinstance(desk.refused(next_write), Stale)
    (event,) = desk.events()
    assert event.summary == "Mine now"
    assert event.when == BUSY.when
    seen = replace(again(write, first, LATER), etag=event.etag)
    desk.assert_holds(write, desk.written(seen), LATER)


def test_an_update_of_what_is_gone_tells_so(desk: Desk) -> None:
    write = block("one")
    first = desk.written(write)
    desk.provider.remove(first.provider_event_id)
    assert isinstance(desk.refused(again(write, first, LATER)), Vanished)
    assert desk.events() == []


def test_deleted(desk: Desk) -> None:
    kept, gone = block("kept", LUNCH), block("gone")
    desk.written(kept)
    written = desk.written(gone)
    before = desk.provider.writes()
    desk.delete(gone, written)
    assert desk.provider.writes() - before == 1
    (event,) = desk.events()
    assert event.own_tag == kept.tag


def test_deleting_what_is_gone_succeeds(desk: Desk) -> None:
    write = block("one")
    written = desk.written(write)
    desk.delete(write, written)
    desk.delete(write, written)
    removed = block("two")
    written = desk.written(removed)
    desk.provider.remove(written.provider_event_id)
    desk.delete(removed, written)
    assert desk.events() == []


def test_deleting_what_never_was_succeeds(desk: Desk) -> None:
    """As after a create that failed, of which only the tag is known."""
    never = replace(block("never"), draft=None)
    outcome = desk.outcomes(never)[never.id]
    assert (outcome.written, outcome.error) == (None, None)


def test_a_create_of_which_nothing_is_known_is_deleted_by_its_tag(desk: Desk) -> None:
    desk.written(block("one"))
    unknown = replace(block("one"), draft=None)
    outcome = desk.outcomes(unknown)[unknown.id]
    assert (outcome.written, outcome.error) == (None, None)
    assert desk.events() == []


def test_made_anew_after_a_deletion(desk: Desk) -> None:
    desk.delete(block("one"), desk.written(block("one")))
    other = block("one, made anew")
    desk.assert_holds(other, desk.written(other))


def test_the_same_made_anew_after_a_deletion(desk: Desk) -> None:
    """As when the answer to its creation was lost, and the person deleted it at once."""
    write = block("one")
    desk.provider.remove(desk.written(write).provider_event_id)
    desk.assert_holds(write, desk.written(write))


def test_an_appointment_keeps_what_others_added(desk: Desk) -> None:
    write = appointment("one")
    first = desk.written(write)
    desk.provider.embellish(first.provider_event_id)
    assert desk.provider.is_embellished(first.provider_event_id)
    event = desk.event()
    seen = replace(again(write, first, LATER), etag=event.etag)
    second = desk.written(seen)
    desk.assert_holds(write, second, LATER)
    assert desk.provider.is_embellished(second.provider_event_id)
    desk.delete(write, second)
    assert desk.events() == []
