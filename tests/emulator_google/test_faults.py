"""Faults, quotas and latency on demand."""

import http.client
import time
from typing import Any

import pytest

from tests.emulator_google.helpers import ANN, BEN, ids, pages, refusal, timed
from tests.support.google_emulator import GoogleEmulator, wait_until
from tests.support.webhook_receiver import WebhookReceiver


def list_primary(client: Any, **query: Any) -> Any:
    return client.events().list(calendarId="primary", **query)


@pytest.mark.parametrize(
    ("status", "options", "reason"),
    [
        (403, {}, "rateLimitExceeded"),
        (403, {"reason": "quotaExceeded"}, "quotaExceeded"),
        (403, {"reason": "forbidden"}, "forbidden"),
        (404, {}, "notFound"),
        (409, {}, "conflict"),
        (410, {}, "fullSyncRequired"),
        (412, {}, "conditionNotMet"),
        (429, {}, "rateLimitExceeded"),
        (500, {}, "backendError"),
        (503, {}, "backendError"),
    ],
)
def test_statuses(
    google: GoogleEmulator, ann: Any, status: int, options: dict[str, Any], reason: str
) -> None:
    google.fault("status", status=status, times=1, **options)
    assert refusal(list_primary(ann).execute) == (status, reason)
    assert list_primary(ann).execute()["items"] == []


def test_retry_after_is_sent(google: GoogleEmulator, ann: Any) -> None:
    google.fault("status", status=429, retry_after=7)
    request = list_primary(ann)
    answer, _ = request.http.request(request.uri, headers=request.headers)
    assert answer["retry-after"] == "7"


def test_matching(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    team = google.add_calendar(ANN, "Team")
    google.fault("status", status=500, match={"user": ANN, "calendar": team})
    google.fault("status", status=503, match={"method": "events.get"})
    google.fault("status", status=502, match={"method": "DELETE"})
    google.fault("status", status=504, match={"path_regex": "/calendarList$"})
    assert list_primary(ann).execute()["items"] == []
    assert list_primary(ben).execute()["items"] == []
    assert refusal(ann.events().list(calendarId=team).execute)[0] == 500
    assert refusal(ann.events().get(calendarId="primary", eventId="xxxxx").execute)[0] == 503
    assert refusal(ann.events().delete(calendarId="primary", eventId="xxxxx").execute)[0] == 502
    assert refusal(ann.calendarList().list().execute)[0] == 504
    google.clear_faults()
    assert ann.calendarList().list().execute()["items"]


def test_a_single_fault_can_be_removed(google: GoogleEmulator, ann: Any) -> None:
    fault = google.fault("status", status=500)
    assert [each["id"] for each in google.control("faults")] == [fault]
    google.control(f"faults/{fault}", verb="DELETE")
    assert list_primary(ann).execute()["items"] == []


def test_after_means_that_the_work_was_done(google: GoogleEmulator, ann: Any) -> None:
    google.fault("status", status=503, when="after", times=1, match={"method": "events.insert"})
    body = timed("2026-11-24T10:00", id="abcde12345")
    call = ann.events().insert(calendarId="primary", body=body)
    assert refusal(call.execute)[0] == 503
    assert refusal(call.execute) == (409, "duplicate")


@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_cut_connections(google: GoogleEmulator, ann: Any, when: str, done: bool) -> None:
    google.fault("cut", when=when, match={"method": "events.insert"})
    ann.events().list(calendarId="primary").execute()
    call = ann.events().insert(calendarId="primary", body=timed("2026-11-24T10:00"))
    with pytest.raises((http.client.HTTPException, OSError)):
        call.execute()
    assert bool(google.events(ANN)) == done


def test_slow_answers_and_latency(google: GoogleEmulator, ann: Any) -> None:
    list_primary(ann).execute()
    google.fault("slow", delay_ms=150, times=1)
    google.settings(latency_ms=50)
    began = time.monotonic()
    list_primary(ann).execute()
    first = time.monotonic()
    list_primary(ann).execute()
    assert first - began >= 0.2
    assert time.monotonic() - first >= 0.05


def test_probability_is_seeded(google: GoogleEmulator, ann: Any) -> None:
    def run() -> list[bool]:
        google.clear_faults()
        google.fault("status", status=500, probability=0.5, seed=7)
        outcomes = []
        for _ in range(12):
            request = list_primary(ann)
            answer, _ = request.http.request(request.uri, headers=request.headers)
            outcomes.append(answer.status == 200)
        return outcomes

    first = run()
    assert set(first) == {True, False}
    assert run() == first


def test_empty_and_short_pages(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_events(ANN, [timed("2026-11-24T10:00")] * 5)
    google.fault("empty_page", times=2)
    google.fault("short_pages", size=2)
    answers = pages(ann.events().list, calendarId="primary")
    assert [len(answer["items"]) for answer in answers] == [0, 0, 2, 2, 1]
    assert [each for answer in answers for each in ids(answer)] == made
    google.clear_faults()
    google.settings(page_size_cap=4)
    assert [len(a["items"]) for a in pages(ann.events().list, calendarId="primary")] == [4, 1]


def test_an_empty_page_in_an_incremental_sync(google: GoogleEmulator, ann: Any) -> None:
    token = list_primary(ann).execute()["nextSyncToken"]
    made = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    google.fault("empty_page", times=1)
    answers = pages(ann.events().list, calendarId="primary", syncToken=token)
    assert [ids(answer) for answer in answers] == [[], [made]]


def test_oauth_can_fail_too(google: GoogleEmulator, ann: Any) -> None:
    google.expire_access_tokens()
    google.fault("status", status=500, match={"path_regex": "^/token$"}, times=1)
    assert list_primary(ann).execute()["items"] == []  # the library retries a 500


@pytest.mark.parametrize("bad", [{"kind": "earthquake"}, {}])
def test_unknown_faults_are_refused(google: GoogleEmulator, bad: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="unknown fault kind"):
        google.control("faults", bad)


def notified(
    google: GoogleEmulator, client: Any, receiver: WebhookReceiver, times: int
) -> dict[str, int]:
    body = {"id": "channel-1", "type": "web_hook", "address": receiver.url}
    client.events().watch(calendarId="primary", body=body).execute()
    receiver.wait_for(1)
    for _ in range(times):
        google.create_event(ANN, timed("2026-11-24T10:00"))
    return dict(google.counters()["notifications"]["channels"]["channel-1"])


def test_dropped_notifications(google: GoogleEmulator, ann: Any, receiver: WebhookReceiver) -> None:
    google.fault("drop_notification", match={"calendar": ANN}, times=2)
    assert notified(google, ann, receiver, 2)["dropped"] == 2
    google.create_event(ANN, timed("2026-11-24T10:00"))
    assert len(receiver.wait_for(1, "exists")) == 1


def test_repeated_notifications(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.fault("repeat_notification", count=2, match={"channel": "channel-1"})
    notified(google, ann, receiver, 1)
    assert len({message.number for message in receiver.wait_for(3, "exists")}) == 1


def test_delayed_notifications(google: GoogleEmulator, ann: Any, receiver: WebhookReceiver) -> None:
    google.fault("delay_notification", delay_ms=200, match={"user": ANN})
    began = time.monotonic()
    notified(google, ann, receiver, 1)
    assert receiver.wait_for(1, "exists")[0].at - began >= 0.2


def test_reordered_notifications(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.fault("reorder_notifications", delay_ms=3000)
    notified(google, ann, receiver, 2)
    first, second = receiver.wait_for(2, "exists")
    assert first.number > second.number


def test_a_lasting_delay_is_a_setting(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.settings(notification_delay_ms=150)
    body = {"id": "channel-1", "type": "web_hook", "address": receiver.url}
    began = time.monotonic()
    ann.events().watch(calendarId="primary", body=body).execute()
    assert receiver.wait_for(1)[0].at - began >= 0.15


def test_quota_per_user(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    google.settings(quotas={"per_user_per_minute": 3})
    for _ in range(3):
        list_primary(ann).execute()
    assert refusal(list_primary(ann).execute) == (403, "userRateLimitExceeded")
    list_primary(ben).execute()
    google.advance(61)
    list_primary(ann).execute()


def test_a_patch_costs_three_units(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    google.settings(per_user_per_minute=4)
    ann.events().patch(calendarId="primary", eventId=made, body={"summary": "x"}).execute()
    list_primary(ann).execute()
    assert refusal(list_primary(ann).execute)[0] == 403


def test_quota_per_project_and_its_words(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    google.settings(
        quotas={
            "per_project_per_minute": 1,
            "quota_status": 429,
            "quota_project_reason": "quotaExceeded",
        }
    )
    list_primary(ann).execute()
    assert refusal(list_primary(ben).execute) == (429, "quotaExceeded")


def test_counters(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    list_primary(ann).execute()
    list_primary(ann).execute()
    list_primary(ben).execute()
    counted = google.counters()
    assert counted["by_method"] == {"events.list": 3}
    assert counted["by_user"] == {ANN: 2, BEN: 1}
    assert {"user": ANN, "method": "events.list", "calendar": ANN, "count": 2} in counted["calls"]
    google.reset_counters()
    assert google.counters()["total"] == 0
    wait_until(lambda: google.counters()["by_status"] == {})
