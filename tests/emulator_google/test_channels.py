"""Push channels: watch, delivery, retries, expiry, stop."""

import time
from datetime import datetime
from typing import Any

import pytest

from tests.emulator_google.helpers import ANN, BEN, refusal, timed
from tests.support.google_emulator import GoogleEmulator, wait_until
from tests.support.webhook_receiver import Received, WebhookReceiver


def watch(client: Any, receiver: WebhookReceiver, **body: Any) -> dict[str, Any]:
    wanted = {"id": "channel-1", "type": "web_hook", "address": receiver.url} | body
    return dict(client.events().watch(calendarId="primary", body=wanted).execute())


def outcome(google: GoogleEmulator, channel: str = "channel-1") -> dict[str, int]:
    return dict(google.counters()["notifications"]["channels"].get(channel, {}))


def test_watch_answers_and_syncs(ann: Any, receiver: WebhookReceiver) -> None:
    answer = watch(ann, receiver, token="k=ab12")
    assert answer["kind"] == "api#channel"
    assert answer["token"] == "k=ab12"
    assert isinstance(answer["expiration"], str)
    (first,) = receiver.wait_for(1)
    assert first.body == b""
    assert first.headers["Content-Length"] == "0"
    assert first.headers["User-Agent"].startswith("APIs-Google")
    assert first.headers["X-Goog-Channel-Token"] == "k=ab12"
    assert first.headers["X-Goog-Channel-Expiration"].endswith(" GMT")
    assert first.headers["X-Goog-Resource-ID"] == answer["resourceId"]
    assert first.headers["X-Goog-Resource-URI"] == answer["resourceUri"]
    assert (first.channel, first.state, first.number) == ("channel-1", "sync", 1)


def test_a_change_is_announced_at_once(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    watch(ann, receiver)
    receiver.wait_for(1)
    google.create_event(ANN, timed("2026-11-24T10:00"))
    google.create_event(ANN, timed("2026-11-24T10:00"))
    numbers = sorted(message.number for message in receiver.wait_for(2, "exists"))
    assert 1 < numbers[0] < numbers[1] - 1  # increasing, not consecutive
    assert "X-Goog-Channel-Token" not in receiver.received("exists")[0].headers


def test_own_writes_are_announced_too(ann: Any, receiver: WebhookReceiver) -> None:
    watch(ann, receiver)
    ann.events().insert(calendarId="primary", body=timed("2026-11-24T10:00")).execute()
    receiver.wait_for(1, "exists")


def test_one_message_per_transaction(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    watch(ann, receiver)
    google.create_events(ANN, [timed("2026-11-24T10:00")] * 50)
    wait_until(lambda: outcome(google).get("sent") == 2)
    assert len(receiver.received("exists")) == 1


def test_the_sync_message_can_come_before_the_answer(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.settings(sync_before_answer=True)
    inside: list[int] = []

    def look(_: Received) -> None:
        # The receiver may call back while the watch call is still open.
        inside.append(len(google.channels()))

    receiver.on_receive = look
    watch(ann, receiver)
    assert [message.state for message in receiver.received()] == ["sync"]
    assert inside == [1]


def test_all_channels_of_a_resource_share_its_id(ann: Any, receiver: WebhookReceiver) -> None:
    first, second = watch(ann, receiver), watch(ann, receiver, id="channel-2")
    assert first["resourceId"] == second["resourceId"]
    listed = ann.calendarList().watch(
        body={"id": "channel-3", "type": "web_hook", "address": receiver.url}
    )
    assert listed.execute()["resourceId"] != first["resourceId"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"id": ""}, "required"),
        ({"id": "x" * 65}, "channelIdInvalid"),
        ({"type": "carrier_pigeon"}, "push.channelTypeNotSupported"),
        ({"address": "http://example.test/hook"}, "push.webhookUrlNotHttps"),
        ({"address": "ftp://127.0.0.1/hook"}, "push.webhookUrlNotHttps"),
        ({"address": None}, "required"),
        ({"token": "x" * 257}, "channelTokenInvalid"),
        ({"expiration": 1}, "invalid"),
        ({"expiration": "soon"}, "invalid"),
    ],
)
def test_bad_channels(
    ann: Any, receiver: WebhookReceiver, body: dict[str, Any], reason: str
) -> None:
    assert refusal(lambda: watch(ann, receiver, **body)) == (400, reason)


def test_ids_are_unique_also_after_stop(ann: Any, receiver: WebhookReceiver) -> None:
    answer = watch(ann, receiver)
    assert refusal(lambda: watch(ann, receiver)) == (400, "channelIdNotUnique")
    ann.channels().stop(body={"id": "channel-1", "resourceId": answer["resourceId"]}).execute()
    assert refusal(lambda: watch(ann, receiver)) == (400, "channelIdNotUnique")


def test_expiry_is_wished_for_but_cut_at_seven_days(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.set_clock("2026-11-20T08:00:00+00:00", frozen=True)
    now_ms, day_ms = 1_795_161_600_000, 86_400_000
    short = watch(ann, receiver, id="a", expiration=now_ms + day_ms)
    ttl = watch(ann, receiver, id="b", params={"ttl": "3600"})
    long = watch(ann, receiver, id="c", params={"ttl": str(30 * 86400)})
    plain = watch(ann, receiver, id="d")
    assert [int(each["expiration"]) - now_ms for each in (short, ttl, long, plain)] == [
        day_ms,
        3_600_000,
        7 * day_ms,
        7 * day_ms,
    ]


def test_an_expired_channel_is_silent(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    answer = watch(ann, receiver, params={"ttl": "3600"})
    watch(ann, receiver, id="channel-2")
    receiver.wait_for(2)
    google.advance(3601)
    google.create_event(ANN, timed("2026-11-24T10:00"))
    receiver.wait_for(1, "exists")
    assert [message.channel for message in receiver.received("exists")] == ["channel-2"]
    stop = ann.channels().stop(body={"id": "channel-1", "resourceId": answer["resourceId"]})
    assert refusal(stop.execute) == (404, "notFound")


def test_stop(google: GoogleEmulator, ann: Any, ben: Any, receiver: WebhookReceiver) -> None:
    answer = watch(ann, receiver)
    body = {"id": "channel-1", "resourceId": answer["resourceId"]}
    assert refusal(ben.channels().stop(body=body).execute) == (403, "forbidden")
    ann.channels().stop(body=body).execute()
    google.create_event(ANN, timed("2026-11-24T10:00"))
    assert [each["live"] for each in google.channels()] == [False]
    request = ann.channels().stop(body=body)
    _, content = request.http.request(
        request.uri, method="POST", body=request.body, headers=request.headers
    )
    assert b"Channel 'channel-1' not found for project '100000000001'" in content
    wrong = ann.channels().stop(body={"id": "channel-1", "resourceId": "other"})
    assert refusal(wrong.execute) == (404, "notFound")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_are_retried_with_backoff(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver, status: int
) -> None:
    google.settings(retry_base_ms=200)
    receiver.answers = [status, status, 204]
    watch(ann, receiver)
    first, second, third = receiver.wait_for(3)
    assert {first.number, second.number, third.number} == {1}
    assert second.at - first.at >= 0.2
    assert third.at - second.at >= 0.4
    wait_until(lambda: outcome(google).get("sent") == 1)
    assert outcome(google) == {"sent": 1, "failed": 0, "dropped": 0, "attempts": 3}


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410, 429, 501])
def test_other_answers_are_final(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver, status: int
) -> None:
    google.settings(retry_base_ms=1)
    receiver.answers = [status]
    watch(ann, receiver)
    wait_until(lambda: outcome(google).get("failed") == 1)
    google.create_event(ANN, timed("2026-11-24T10:00"))
    wait_until(lambda: outcome(google).get("failed") == 2)
    assert len(receiver.received()) == 2


def test_retries_end(google: GoogleEmulator, ann: Any, receiver: WebhookReceiver) -> None:
    google.settings(retry_base_ms=1, retry_attempts=3)
    receiver.answers = [503]
    watch(ann, receiver)
    wait_until(lambda: outcome(google).get("failed") == 1)
    assert outcome(google)["attempts"] == 3


def test_a_receiver_that_is_not_there_is_retried(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    google.settings(retry_base_ms=1, retry_attempts=2)
    watch(ann, receiver, address="http://127.0.0.1:9/hook")
    wait_until(lambda: outcome(google).get("failed") == 1)
    assert outcome(google)["attempts"] == 2


def test_event_types_narrow_a_channel(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": receiver.url}
    ann.events().watch(calendarId="primary", eventTypes=["outOfOffice"], body=body).execute()
    receiver.wait_for(1)
    google.create_event(ANN, timed("2026-11-24T10:00"))
    google.create_event(ANN, timed("2026-11-24T10:00", eventType="outOfOffice"))
    receiver.wait_for(1, "exists")
    wait_until(lambda: outcome(google)["sent"] == 2)
    assert len(receiver.received("exists")) == 1


def test_the_calendar_list_is_watched_per_person(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    body = {"id": "list-1", "type": "web_hook", "address": receiver.url}
    ann.calendarList().watch(body=body).execute()
    receiver.wait_for(1)
    google.add_calendar(BEN, "not Ann's")
    google.add_calendar(ANN, "Team")
    receiver.wait_for(1, "exists")
    wait_until(lambda: outcome(google, "list-1")["sent"] == 2)
    assert len(receiver.received("exists")) == 1


def test_an_invitation_is_announced_to_the_guest(
    google: GoogleEmulator, ben: Any, receiver: WebhookReceiver
) -> None:
    watch(ben, receiver)
    google.create_event(ANN, timed("2026-11-24T10:00", attendees=[{"email": BEN}]))
    receiver.wait_for(1, "exists")


def test_revoking_leaks_the_channel(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    watch(ann, receiver)
    google.revoke(ANN)
    google.create_event(ANN, timed("2026-11-24T10:00"))
    receiver.wait_for(1, "exists")


def test_delivery_is_fast(google: GoogleEmulator, ann: Any, receiver: WebhookReceiver) -> None:
    watch(ann, receiver)
    receiver.wait_for(1)
    delays = []
    for round_ in range(20):
        event = google.create_event(ANN, timed("2026-11-24T10:00"))
        message = receiver.wait_for(round_ + 1, "exists")[-1]
        changed = _seconds(event["updated"])
        delays.append(_wall(message.at) - changed)
    # Typically 2 to 5 ms. Other work can only slow some of them down: no timer is in the way.
    assert min(delays) < 0.05, delays


def _seconds(updated: str) -> float:
    return datetime.fromisoformat(updated).timestamp()


def _wall(monotonic: float) -> float:
    return time.time() - (time.monotonic() - monotonic)


def test_forced_and_forged_messages(
    google: GoogleEmulator, ann: Any, receiver: WebhookReceiver
) -> None:
    watch(ann, receiver)
    assert google.notify(calendar=ANN, count=100) == 100
    receiver.wait_for(100, "exists")
    google.notify(address=receiver.url, headers={"X-Goog-Channel-ID": "gibt's nicht: ü"})
    google.notify(address=receiver.url, headers={"X-Goog-Channel-ID": "made-up"})
    wait_until(lambda: any(m.channel == "made-up" for m in receiver.received()))
