"""Delta rounds on Graph: dead cursors, series, sliding windows, crashes."""

from datetime import timedelta

import pytest

from shared.steps.maintain import slide_windows
from tests.flow.microsoft.outlook import (
    ANN,
    NOW,
    TOMORROW,
    drifted,
    event,
    instances,
    settled,
    weekly,
)
from tests.support.rig import Rig


@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateInvalid", "ResyncRequired"])
def test_a_dead_delta_resyncs_without_touching_unchanged_rows(rig: Rig, code: str) -> None:
    rig.microsoft.create_events(ANN, [event(f"Event {n:02}", TOMORROW) for n in range(20)])
    rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))
    calendar = settled(rig)
    before = rig.sql("select id, xmin::text from calendar_events order by id")
    occurrences = rig.sql("select event_id, occurrence_key, xmin::text from event_occurrences")
    rig.microsoft.settings(delta_gone_code=code, delta_gone_location=True)
    rig.microsoft.expire_delta_tokens()
    rig.microsoft.create_event(ANN, event("New", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))

    rig.drain()

    assert rig.count("calendar_sync_logs", error_code=code) == 1
    (full,) = rig.rows("calendar_sync_logs", trigger="repair")
    assert (full["sync_type"], full["events_created"], full["events_updated"]) == ("full", 1, 0)
    after = rig.sql("select id, xmin::text from calendar_events where summary <> 'New' order by id")
    assert after == before
    kept = rig.sql("select event_id, occurrence_key, xmin::text from event_occurrences")
    assert [row for row in kept if row in occurrences] == occurrences
    assert drifted(rig, calendar) == 0


def test_deletions_survive_a_dead_delta(rig: Rig) -> None:
    gone = rig.microsoft.create_event(ANN, event("Gone", TOMORROW))["id"]
    series = rig.microsoft.create_event(ANN, weekly("Gone series", TOMORROW))["id"]
    rig.microsoft.create_events(ANN, [event(f"Stays {n}", TOMORROW) for n in range(5)])
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    for event_id in (gone, series):
        rig.microsoft.delete_event(ANN, event_id)
    rig.microsoft.expire_delta_tokens()
    rig.later(hours=6, minutes=1)
    rig.drain()
    assert rig.titles() == [f"Stays {n}" for n in range(5)]
    assert drifted(rig, calendar) == 0


@pytest.mark.parametrize("told", ["occurrences", "master", "both"])
def test_a_deleted_series_goes_whatever_delta_names(rig: Rig, told: str) -> None:
    rig.microsoft.settings(series_removal=told)
    series = rig.microsoft.create_event(ANN, weekly("Gone", TOMORROW))["id"]
    rig.microsoft.create_event(ANN, weekly("Stays", TOMORROW))
    calendar = settled(rig)
    rig.microsoft.delete_event(ANN, series)
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Stays"]
    assert drifted(rig, calendar) == 0


def test_a_deleted_occurrence_is_a_cancelled_instance(rig: Rig) -> None:
    series = rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))["id"]
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    rig.microsoft.delete_event(ANN, instances(rig, series)[0])
    rig.microsoft.clear_faults()
    rig.later(hours=7)
    rig.drain()
    (log,) = rig.sql("select * from calendar_sync_logs order by created_at desc limit 1")
    assert (log["events_created"], log["events_updated"], log["events_deleted"]) == (1, 0, 0)
    (off,) = rig.rows("calendar_events", kind="exception", status="cancelled")
    assert off["occurrence_key"] == "20261121T080000Z"
    assert rig.state(calendar)["webhook_failures"] == 1, "nobody announced it"
    assert drifted(rig, calendar) == 0


def test_occurrences_that_move_go_or_are_called_off(rig: Rig) -> None:
    series = rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))["id"]
    calendar = settled(rig)
    moved, deleted, called_off = instances(rig, series)[:3]
    later = event("Moved", TOMORROW + timedelta(days=1))
    rig.microsoft.patch_event(
        ANN, moved, {name: later[name] for name in ("start", "end", "subject")}
    )
    rig.microsoft.delete_event(ANN, deleted)
    rig.microsoft.patch_event(ANN, called_off, {"isCancelled": True})
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") >= 3)
    rig.drain()

    assert rig.titles() == ["", "", "Moved", "Weekly"]
    (row,) = rig.rows("calendar_events", kind="exception", status="confirmed")
    assert row["occurrence_key"] == "20261121T080000Z"
    off = rig.rows("calendar_events", kind="exception", status="cancelled")
    assert {each["occurrence_key"] for each in off} == {"20261128T080000Z", "20261205T080000Z"}
    keys = {each["occurrence_key"] for each in rig.rows("event_occurrences")}
    assert "20261121T080000Z" in keys, "of the exception"
    assert not keys & {"20261128T080000Z", "20261205T080000Z"}
    assert "20261212T080000Z" in keys
    assert drifted(rig, calendar) == 0

    rig.microsoft.patch_event(ANN, series, event("Weekly", TOMORROW + timedelta(hours=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") >= 4)
    rig.drain()
    assert rig.titles() == ["Weekly"], "a new time throws the exceptions away"
    assert drifted(rig, calendar) == 0


def test_a_window_that_slid_is_one_round_and_loses_nothing(rig: Rig) -> None:
    far = NOW + timedelta(days=400)
    rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))
    rig.microsoft.create_event(ANN, event("Soon", TOMORROW))
    rig.microsoft.create_event(ANN, event("Far", far))
    calendar = settled(rig)
    assert rig.titles() == ["Soon", "Weekly"], "what is far away is not listed"
    before = rig.sql("select id, xmin::text from calendar_events order by id")
    syncs = rig.count("calendar_sync_logs")

    rig.later(days=60)
    slide_windows(rig.service, 500)
    rig.drain()

    assert rig.titles() == ["Far", "Soon", "Weekly"], "what lies behind the window is kept"
    logs = rig.sql("select * from calendar_sync_logs order by created_at")[syncs:]
    assert [(log["sync_type"], log["status"]) for log in logs] == [("full", "success")]
    assert (logs[0]["events_created"], logs[0]["events_updated"], logs[0]["events_deleted"]) == (
        1,
        0,
        0,
    )
    assert rig.state(calendar)["webhook_failures"] == 0, "what comes into sight was not unannounced"
    after = rig.sql("select id, xmin::text from calendar_events where summary <> 'Far' order by id")
    assert after == before
    (span,) = rig.sql("select min(start_at) as first, max(start_at) as last from event_occurrences")
    assert span["first"] > rig.now() - timedelta(days=45)
    assert span["last"] > rig.now() + timedelta(days=360)
    assert drifted(rig, calendar) == 0

    rig.microsoft.create_event(ANN, event("After", rig.now() + timedelta(days=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.later(minutes=1)
    rig.drain()
    (last,) = rig.sql("select * from calendar_sync_logs order by created_at desc limit 1")
    assert last["sync_type"] == "webhook", "the new cursor holds the new window"
    assert "After" in rig.titles()


def test_what_a_slid_window_does_not_list_any_more_is_gone(rig: Rig) -> None:
    gone = rig.microsoft.create_event(ANN, event("Gone", NOW + timedelta(days=90)))["id"]
    series = rig.microsoft.create_event(ANN, weekly("Gone series", TOMORROW))["id"]
    rig.microsoft.create_event(ANN, event("Past", TOMORROW))
    rig.microsoft.create_event(ANN, event("Stays", NOW + timedelta(days=100)))
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    for event_id in (gone, series):
        rig.microsoft.delete_event(ANN, event_id)
    rig.later(days=60)
    slide_windows(rig.service, 500)
    rig.drain()
    assert rig.titles() == ["Past", "Stays"]
    assert drifted(rig, calendar) == 0


def test_a_listing_goes_on_where_a_crash_left_it(rig: Rig) -> None:
    rig.microsoft.settings(page_size_cap=5)
    rig.microsoft.create_events(ANN, [event(f"Event {n:02}", TOMORROW) for n in range(12)])
    rig.microsoft.fault(
        "status", status=503, match={"method": "calendarView.delta"}, skip=1, times=1
    )
    calendar = settled(rig)
    assert 0 < len(rig.titles()) < 12
    assert rig.state(calendar)["page_token"]
    rig.later(minutes=5)
    rig.drain()
    assert len(rig.titles()) == 12
    assert drifted(rig, calendar) == 0
