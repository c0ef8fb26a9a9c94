"""Change and lifecycle notifications: content, grouping, retries, trouble on demand."""

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from tests.emulator_microsoft.helpers import (
    ANN,
    BEN,
    DAILY,
    IMMUTABLE,
    SPAN,
    Graph,
    Json,
    recurring,
    timed,
    wanted,
)
from tests.support.google_emulator import wait_until
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator

COUNT = {"type": "numbered", "numberOfOccurrences": 3}


@pytest.fixture
def quiet(microsoft: MicrosoftEmulator) -> MicrosoftEmulator:
    """A creation is told once; retries come at once."""
    microsoft.settings(created_then_updated=False, retry_base_ms=5)
    return microsoft


def subscribe(
    microsoft: MicrosoftEmulator, graph: Graph, url: str, prefer: str = IMMUTABLE, **more: Any
) -> Json:
    return graph.post("/subscriptions", wanted(microsoft, url, **more), Prefer=prefer)


def kinds(items: list[Json]) -> list[str]:
    return [item["changeType"] for item in items]


def test_what_a_notification_says(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscription = subscribe(quiet, ann, receiver.url())
    made = ann.post("/me/events", timed("2026-11-24T10:00"), Prefer=IMMUTABLE)
    [item] = receiver.wait_for(1)
    person = ann.get("/me")["id"]
    path = f"Users/{person}/Events/{made['id']}"
    assert item["subscriptionId"] == subscription["id"]
    assert item["clientState"] == "r4nd0m"
    assert item["changeType"] == "created"
    assert item["resource"] == path
    assert item["resourceData"] == {
        "@odata.type": "#Microsoft.Graph.Event",
        "@odata.id": path,
        "@odata.etag": made["@odata.etag"],
        "id": made["id"],
    }
    told = datetime.fromisoformat(item["subscriptionExpirationDateTime"])
    kept = datetime.fromisoformat(subscription["expirationDateTime"][:26] + "+00:00")
    assert abs((told - kept).total_seconds()) <= 1


def test_ids_are_of_the_kind_asked_for_at_creation(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribe(quiet, ann, receiver.url(), prefer="")
    made = ann.post("/me/events", timed("2026-11-24T10:00"), Prefer=IMMUTABLE)
    [item] = receiver.wait_for(1)
    ordinary = ann.get(f"/me/events/{made['id']}")["id"]
    assert item["resourceData"]["id"] == ordinary != made["id"]


def test_create_change_delete(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribe(quiet, ann, receiver.url())
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    receiver.wait_for(1)
    ann.patch(f"/me/events/{made['id']}", {"subject": "New"})
    receiver.wait_for(2)
    ann.delete(f"/me/events/{made['id']}")
    assert kinds(receiver.wait_for(3)) == ["created", "updated", "deleted"]


def test_only_what_was_asked_for(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribe(quiet, ann, receiver.url("/deleted"), changeType="deleted")
    subscribe(quiet, ann, receiver.url("/all"))
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    ann.delete(f"/me/events/{made['id']}")
    receiver.wait_for(2, "/all")
    assert kinds(receiver.wait_for(1, "/deleted")) == ["deleted"]


def test_occurrences_are_updates_of_their_master(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY, COUNT), Prefer=IMMUTABLE)
    first, second, _ = ann.everything(f"/me/events/{master['id']}/instances?{SPAN}")
    subscribe(quiet, ann, receiver.url())
    ann.patch(f"/me/events/{first['id']}", {"subject": "New"})
    receiver.wait_for(1)
    ann.delete(f"/me/events/{second['id']}")
    items = receiver.wait_for(2)
    assert kinds(items) == ["updated", "updated"]
    assert {item["resourceData"]["id"] for item in items} == {master["id"]}


def test_me_events_means_the_default_calendar_only(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    other = quiet.add_calendar(ANN, "Other")
    subscribe(quiet, ann, receiver.url("/default"))
    subscribe(quiet, ann, receiver.url("/other"), resource=f"me/calendars/{other}/events")
    made = ann.post(f"/me/calendars/{other}/events", timed("2026-11-24T10:00"), Prefer=IMMUTABLE)
    receiver.wait_for(1, "/other")
    quiet.move_event(ANN, made["id"], "primary", "Other")
    assert kinds(receiver.wait_for(1, "/default")) == ["created"]
    assert kinds(receiver.wait_for(2, "/other")) == ["created", "deleted"]


def test_a_creation_is_told_twice_and_edits_may_be_told_often(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribe(microsoft, ann, receiver.url())
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    # In two POSTs, now and then, and then in any order.
    assert sorted(kinds(receiver.wait_for(2))) == ["created", "updated"]
    microsoft.settings(updates_per_edit=3)
    ann.patch(f"/me/events/{made['id']}", {"subject": "New"})
    assert kinds(receiver.wait_for(5)[2:]) == ["updated"] * 3


def test_one_post_mixes_subscriptions(
    quiet: MicrosoftEmulator, ann: Graph, ben: Graph, receiver: GraphReceiver
) -> None:
    quiet.settings(group_ms=2500, group_size=20)
    ids = {
        subscribe(quiet, ann, receiver.url(), clientState="ann's")["id"]: "ann's",
        subscribe(quiet, ben, receiver.url(), clientState="ben's")["id"]: "ben's",
    }
    quiet.create_events(ANN, [timed("2026-11-24T10:00")] * 12)
    quiet.create_events(BEN, [timed("2026-11-24T10:00")] * 12)
    items = receiver.wait_for(24)
    assert all(item["clientState"] == ids[item["subscriptionId"]] for item in items)
    small, large = sorted(receiver.collections(), key=lambda each: len(each.value))
    assert (len(small.value), len(large.value)) == (4, 20)
    assert {item["subscriptionId"] for item in large.value} == set(ids)


def test_forged_ones_among_good_ones(quiet: MicrosoftEmulator, receiver: GraphReceiver) -> None:
    value = [{"subscriptionId": "made up", "clientState": "guessed"}, {"anything": 1}]
    assert quiet.notify(address=receiver.url(), value=value, count=2) == 4
    assert receiver.wait_for(4)[:2] == value
    assert wait_until(lambda: _total(quiet, sent=2))


def test_forced_storms(quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    subscription = subscribe(quiet, ann, receiver.url())
    assert quiet.notify(count=5) == 0, "there is no event to speak of"
    first, second = quiet.create_events(ANN, [timed("2026-11-24T10:00")] * 2)
    receiver.wait_for(2)
    assert quiet.notify(subscription=subscription["id"], count=20) == 20
    items = receiver.wait_for(22)[2:]
    assert Counter(item["resourceData"]["id"] for item in items) == {first: 10, second: 10}
    assert quiet.notify(event=first, user=ANN, change_type="deleted") == 1
    assert kinds(receiver.wait_for(23))[-1] == "deleted"
    assert quiet.notify(user=BEN) == 0


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_every_refusal_is_retried(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver, status: int
) -> None:
    receiver.answers = [status, status, 200]
    subscribe(quiet, ann, receiver.url())
    ann.post("/me/events", timed("2026-11-24T10:00"))
    items = receiver.wait_for(3)
    assert items[0] == items[1] == items[2]
    total = wait_until(lambda: _total(quiet, sent=1))
    assert (total["attempts"], total["failed"]) == (3, 0)


def _total(microsoft: MicrosoftEmulator, **expected: int) -> Json | None:
    """The totals, once they are as expected."""
    total: Json = microsoft.counters()["notifications"]["total"]
    return total if total | expected == total else None


def test_patience_ends(quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    quiet.settings(retry_attempts=3)
    receiver.answers = [500]
    subscribe(quiet, ann, receiver.url())
    ann.post("/me/events", timed("2026-11-24T10:00"))
    wait_until(lambda: _total(quiet, failed=1))
    assert len(receiver.items()) == 3


def test_the_first_deadline_is_short_and_the_next_longer(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    quiet.settings(first_timeout_ms=50, delivery_timeout_ms=5000)
    subscribe(quiet, ann, receiver.url())
    receiver.slow_s = 0.2
    ann.post("/me/events", timed("2026-11-24T10:00"))
    total = wait_until(lambda: _total(quiet, sent=1))
    assert total["attempts"] == 2


def test_a_deleted_subscription_is_silent(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    gone = subscribe(quiet, ann, receiver.url("/gone"))
    ann.delete(f"/subscriptions/{gone['id']}")
    subscribe(quiet, ann, receiver.url("/here"))
    ann.post("/me/events", timed("2026-11-24T10:00"))
    receiver.wait_for(1, "/here")
    assert receiver.items("/gone") == []


def test_dropped_repeated_and_delayed(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscription = subscribe(quiet, ann, receiver.url())
    quiet.fault("drop_notification", skip=1, times=1)
    quiet.create_events(ANN, [timed("2026-11-24T10:00")] * 3)
    receiver.wait_for(2)
    outcomes = quiet.counters()["notifications"]["channels"][subscription["id"]]
    assert outcomes["dropped"] == 1
    quiet.fault("repeat_notification", times=1, count=2)
    quiet.create_event(ANN, timed("2026-11-24T10:00"))
    items = receiver.wait_for(5)[2:]
    assert items[0] == items[1] == items[2]
    quiet.fault("delay_notification", times=1, delay_ms=800)
    late, soon = quiet.create_events(ANN, [timed("2026-11-24T10:00")] * 2)
    order = [item["resourceData"]["id"] for item in receiver.wait_for(7)[5:]]
    assert order == [soon, late]


def test_reordered(quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    subscribe(quiet, ann, receiver.url())
    quiet.fault("reorder_notifications", delay_ms=800)
    first, second = quiet.create_events(ANN, [timed("2026-11-24T10:00")] * 2)
    assert [item["resourceData"]["id"] for item in receiver.wait_for(2)] == [second, first]


def test_an_endpoint_found_slow_or_dropped(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    url = receiver.url()
    subscribe(quiet, ann, url)
    quiet.settings(slow_delay_ms=3000)
    quiet.endpoint(url, "drop")
    quiet.create_event(ANN, timed("2026-11-24T10:00"))
    assert _total(quiet, dropped=1)
    quiet.endpoint(url, "slow")
    late = quiet.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    quiet.endpoint(url, None)
    soon = quiet.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    assert [item["resourceData"]["id"] for item in receiver.wait_for(2)] == [soon, late]
    with pytest.raises(AssertionError, match="unknown state"):
        quiet.endpoint(url, "tired")


def test_lifecycle_events(quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    life = receiver.url("/life")
    kept = subscribe(quiet, ann, receiver.url(), lifecycleNotificationUrl=life)
    quiet.lifecycle("missed", subscription=kept["id"])
    [item] = receiver.wait_for(1, "/life")
    assert item["lifecycleEvent"] == "missed"
    assert "changeType" not in item
    assert item["clientState"] == "r4nd0m"
    assert quiet.lifecycle("subscriptionRemoved") == 1
    assert receiver.wait_for(2, "/life")[1]["lifecycleEvent"] == "subscriptionRemoved"
    assert quiet.subscriptions() == []
    with pytest.raises(AssertionError, match="unknown lifecycle event"):
        quiet.control("lifecycle", {"event": "retired", "subscription": kept["id"]})


def test_without_a_lifecycle_url_nothing_is_told(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribe(quiet, ann, receiver.url())
    assert quiet.lifecycle("subscriptionRemoved") == 0
    assert quiet.subscriptions() == []


@pytest.mark.parametrize("how", ["renew", "reauthorize"])
def test_changes_wait_for_a_new_authorization(
    quiet: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver, how: str
) -> None:
    life = receiver.url("/life")
    made = subscribe(quiet, ann, receiver.url("/m"), lifecycleNotificationUrl=life)
    quiet.lifecycle("reauthorizationRequired", pause=True)
    receiver.wait_for(1, "/life")
    quiet.create_event(ANN, timed("2026-11-24T10:00"))
    path = f"/subscriptions/{made['id']}"
    if how == "renew":
        ann.patch(path, {"expirationDateTime": made["expirationDateTime"]})
    else:
        ann.ask("POST", f"{path}/reauthorize")
    heard = quiet.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    assert [item["resourceData"]["id"] for item in receiver.wait_for(1, "/m")] == [heard]
