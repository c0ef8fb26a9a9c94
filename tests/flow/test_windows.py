"""The window slides with what is in it, whatever happens between a week's end and the slide."""

from datetime import UTC, datetime, timedelta

from shared.steps.maintain import slide_windows
from shared.steps.verify import verify
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def test_a_sync_just_before_the_slide_hides_nothing(rig: Rig) -> None:
    """The sync may not claim the new window: single events would not be looked for in it."""
    rig.at(NOW)
    rig.google.create_event(ANN, timed("Far", NOW + timedelta(days=375)))
    rig.google.create_event(ANN, timed("Weekly", NOW) | {"recurrence": ["RRULE:FREQ=WEEKLY"]})
    calendar = rig.settled(ANN)
    window_end = rig.state(calendar)["window_end"]
    rig.later(days=13)
    rig.google.create_event(ANN, timed("News", rig.now() + timedelta(days=1)))
    rig.drain()
    assert rig.state(calendar)["window_end"] == window_end
    assert verify(rig.service, calendar).drift.count == 0

    slide_windows(rig.service, limit=100)

    assert rig.state(calendar)["window_end"] == window_end + timedelta(days=14)
    (far,) = rig.rows("calendar_events", summary="Far")
    assert rig.count("event_occurrences", event_id=far["id"]) == 1
    assert verify(rig.service, calendar).drift.count == 0
