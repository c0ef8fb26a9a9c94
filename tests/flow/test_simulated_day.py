"""A whole day in seconds: edits, dropped pushes, crons every six and twelve hours, no waiting."""

from datetime import UTC, datetime, timedelta

from shared.steps.maintain import maintain, slide_windows
from shared.steps.verify import verify
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
MIDNIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def test_a_day_with_its_crons_ends_with_a_true_mirror(rig: Rig) -> None:
    rig.at(MIDNIGHT)
    calendar = rig.settled(ANN)
    rig.google.reset_counters()
    events: list[str] = []
    for hour in range(1, 25):
        rig.at(MIDNIGHT + timedelta(hours=hour))
        deaf = 9 <= hour <= 14  # push breaks in the morning and is back in the afternoon
        if hour == 9:
            rig.google.fault("drop_notification")
        if hour == 15:
            rig.google.clear_faults()
        heard = rig.count("webhook_notifications", outcome="accepted")
        start = rig.now() + timedelta(days=1)
        events.append(rig.google.create_event(ANN, timed(f"Hour {hour}", start))["id"])
        if hour % 5 == 0:
            rig.google.delete_event(ANN, events.pop(0))
        if not deaf:
            rig.until(
                lambda before=heard: rig.count("webhook_notifications", outcome="accepted") > before
            )
        if hour % 6 == 0:
            assert rig.post("/functions/v1/calendar-polling-cron").status_code == 200
        if hour % 12 == 0:
            assert rig.post("/functions/v1/renew-calendar-watches").status_code == 200
        rig.drain()
        maintain(rig.service)
    assert verify(rig.service, calendar).drift.count == 0
    assert len(rig.titles()) == len(events)
    assert rig.method(calendar) == "webhook"
    polling = 24 * 4 * 3
    assert rig.google.counters()["total"] < polling / 4, "an order less than polling"
    (savings,) = rig.rows("api_call_savings", day=MIDNIGHT.date())
    assert savings["saved_percent"] > 75


def test_the_window_slides_without_an_api_call(rig: Rig) -> None:
    rig.at(MIDNIGHT)
    daily = timed("Stand-up", MIDNIGHT + timedelta(hours=9), hours=0.25)
    series = rig.google.create_event(ANN, daily | {"recurrence": ["RRULE:FREQ=DAILY"]})
    far = timed("In fourteen months", MIDNIGHT + timedelta(days=420))
    rig.google.create_event(ANN, far)
    moved = f"{series['id']}_20270104T090000Z"
    rig.google.patch_event(ANN, moved, timed("Moved", MIDNIGHT + timedelta(days=45, hours=15)))
    calendar = rig.settled(ANN)
    assert verify(rig.service, calendar).drift.count == 0
    ends = [rig.sql("select max(start_at) as at from event_occurrences")[0]["at"]]
    rig.google.reset_counters()
    for _ in range(3):
        rig.later(days=25)
        slide_windows(rig.service, limit=100)
        ends.append(rig.sql("select max(start_at) as at from event_occurrences")[0]["at"])
    assert ends == sorted(set(ends)), "each slide reaches further"
    assert rig.google.counters()["total"] == 0
    assert rig.sql("select min(start_at) as at from event_occurrences")[0]["at"] > (
        rig.now() - timedelta(days=45)
    ), "the past leaves"
    assert rig.sql(
        "select 1 from event_occurrences o join calendar_events e on e.id = o.event_id "
        "where e.summary = 'In fourteen months'"
    ), "single events enter"
    assert verify(rig.service, calendar).drift.count == 0
