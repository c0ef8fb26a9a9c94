"""Subscriptions: the handshake, what is refused, renewal, the end."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.emulator_microsoft.helpers import ANN, BEN, Graph, refused, wanted
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator


def ahead(microsoft: MicrosoftEmulator, **span: float) -> str:
    """A moment by the emulator's clock."""
    now = datetime.fromisoformat(microsoft.control("clock", {})["now"])
    return (now + timedelta(**span)).isoformat()


def test_both_urls_are_validated_before_the_answer(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    known: list[int] = []
    # The emulator serves others while the create call is pending.
    receiver.on_handshake = lambda _: known.append(len(microsoft.subscriptions()))
    life = receiver.url("/life")
    made = ann.post(
        "/subscriptions", wanted(microsoft, receiver.url("/m?a=1"), lifecycleNotificationUrl=life)
    )
    assert receiver.handshakes() == ["/m", "/life"]
    assert known == [0, 0]
    assert [each["id"] for each in microsoft.subscriptions()] == [made["id"]]
    query = receiver.raw_queries[0]
    assert query.startswith("a=1&validationToken=Validation%3A+Testing+client+application+")
    assert made["notificationUrl"].endswith("/m?a=1")


def _html(token: str) -> tuple[int, str, str]:
    return 200, "text/html", token


def _created(token: str) -> tuple[int, str, str]:
    return 201, "text/plain", token


def _escaped(token: str) -> tuple[int, str, str]:
    return 200, "text/plain", token.replace(" ", "+")


def _quoted(token: str) -> tuple[int, str, str]:
    return 200, "text/plain", f'"{token}"'


@pytest.mark.parametrize("handshake", [_html, _created, _escaped, _quoted])
def test_a_wrong_answer_to_the_handshake(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver, handshake: Any
) -> None:
    receiver.handshake = handshake
    answer = ann.ask("POST", "/subscriptions", wanted(microsoft, receiver.url()))
    assert refused(answer) == (400, "ValidationError")
    assert microsoft.subscriptions() == []


def test_no_answer_to_the_handshake(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    answer = ann.ask("POST", "/subscriptions", wanted(microsoft, "http://127.0.0.1:9/"))
    assert refused(answer) == (400, "ValidationError")
    microsoft.settings(handshake_timeout_ms=50)
    receiver.slow_s = 5.0
    answer = ann.ask("POST", "/subscriptions", wanted(microsoft, receiver.url()))
    assert refused(answer) == (400, "ValidationError")
    assert "timed out" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"changeType": None}, "InvalidRequest"),
        ({"changeType": "created,moved"}, "InvalidRequest"),
        ({"resource": "me/messages"}, "InvalidRequest"),
        ({"resource": ""}, "InvalidRequest"),
        ({"notificationUrl": "http://hooks.example.test/"}, "InvalidRequest"),
        ({"lifecycleNotificationUrl": "ftp://hooks.example.test/"}, "InvalidRequest"),
        ({"clientState": "x" * 129}, "InvalidRequest"),
        ({"includeResourceData": True}, "InvalidRequest"),
        ({"expirationDateTime": None}, "InvalidRequest"),
        ({"expirationDateTime": "soon"}, "InvalidRequest"),
        ({"expirationDateTime": "2020-01-01T00:00:00Z"}, "InvalidRequest"),
    ],
)
def test_refused_bodies(
    microsoft: MicrosoftEmulator,
    ann: Graph,
    receiver: GraphReceiver,
    change: dict[str, Any],
    code: str,
) -> None:
    answer = ann.ask("POST", "/subscriptions", wanted(microsoft, receiver.url()) | change)
    assert refused(answer) == (400, code)
    assert receiver.handshakes() == []


def test_how_long_a_subscription_may_live(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    body = wanted(microsoft, receiver.url())
    long = body | {"expirationDateTime": ahead(microsoft, minutes=10_081)}
    answer = ann.ask("POST", "/subscriptions", long)
    assert refused(answer) == (400, "ExtensionError")
    assert "can only be 10080 minutes in the future" in answer.json()["error"]["message"]
    short = body | {"expirationDateTime": ahead(microsoft, minutes=5)}
    made = ann.post("/subscriptions", short)
    assert made["expirationDateTime"] > ahead(microsoft, minutes=44)
    assert made["expirationDateTime"] < ahead(microsoft, minutes=46)


def test_one_for_each_resource_and_kind(
    microsoft: MicrosoftEmulator, ann: Graph, ben: Graph, receiver: GraphReceiver
) -> None:
    body = wanted(microsoft, receiver.url())
    made = ann.post("/subscriptions", body)
    again = ann.ask(
        "POST",
        "/subscriptions",
        body | {"changeType": "updated,deleted,created", "resource": "/me/events"},
    )
    assert refused(again) == (409, "Conflict")
    assert f"Subscription Id {made['id']} already exists" in again.json()["error"]["message"]
    ann.post("/subscriptions", body | {"changeType": "created"})
    ben.post("/subscriptions", body)
    assert len(ann.get("/subscriptions")["value"]) == 2


def test_two_creates_at_once_make_one(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    together = threading.Barrier(2, timeout=30)
    receiver.on_handshake = lambda _: together.wait() and None
    body = wanted(microsoft, receiver.url())
    statuses: list[int] = []

    def create() -> None:
        statuses.append(ann.ask("POST", "/subscriptions", body).status_code)

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409]


def test_per_calendar_resources(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    calendar = microsoft.add_calendar(ANN, "Other")
    body = wanted(microsoft, receiver.url(), resource=f"me/calendars/{calendar}/events")
    made = ann.post("/subscriptions", body)
    assert made["resource"] == f"me/calendars/{calendar}/events"
    ann.delete(f"/subscriptions/{made['id']}")
    wrong = body | {"resource": f"me/calendars/{calendar.lower()}/events"}
    assert refused(ann.ask("POST", "/subscriptions", wrong)) == (404, "ErrorItemNotFound")
    microsoft.settings(refuse_calendar_subscriptions=True)
    assert refused(ann.ask("POST", "/subscriptions", body)) == (400, "InvalidRequest")
    ann.post("/subscriptions", body | {"resource": "me/events"})


def test_other_peoples_mailboxes(
    microsoft: MicrosoftEmulator, ann: Graph, ben: Graph, receiver: GraphReceiver
) -> None:
    person = ann.get("/me")["id"]
    body = wanted(microsoft, receiver.url(), resource=f"users/{person}/events")
    assert refused(ben.ask("POST", "/subscriptions", body)) == (403, "ErrorAccessDenied")
    made = ann.post("/subscriptions", body)
    path = f"/subscriptions/{made['id']}"
    for verb in ("GET", "PATCH", "DELETE"):
        assert refused(ben.ask(verb, path)) == (404, "ResourceNotFound")
    assert ben.get("/subscriptions")["value"] == []


def test_renewal(microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    made = ann.post("/subscriptions", wanted(microsoft, receiver.url()))
    path = f"/subscriptions/{made['id']}"
    later = ahead(microsoft, days=6)
    assert ann.patch(path, {"expirationDateTime": later})["expirationDateTime"][:19] == later[:19]
    for body, code in (
        ({"expirationDateTime": ahead(microsoft, days=8)}, "ExtensionError"),
        ({"clientState": "new"}, "InvalidRequest"),
        ({"lifecycleNotificationUrl": receiver.url("/life")}, "InvalidRequest"),
        ({}, "InvalidRequest"),
    ):
        assert refused(ann.ask("PATCH", path, body)) == (400, code)
    assert receiver.handshakes() == ["/hook"]


def test_subscriptions_lapse(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    microsoft.settings(access_token_seconds=7 * 86400)
    ann.token = microsoft.tokens(ANN)["access_token"]
    made = ann.post("/subscriptions", wanted(microsoft, receiver.url()))
    microsoft.advance(2 * 86400 + 60)
    path = f"/subscriptions/{made['id']}"
    body = {"expirationDateTime": ahead(microsoft, days=1)}
    assert refused(ann.ask("PATCH", path, body)) == (404, "ResourceNotFound")
    assert ann.get("/subscriptions")["value"] == []
    ann.post("/subscriptions", wanted(microsoft, receiver.url()))


def test_the_end(microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver) -> None:
    made = ann.post("/subscriptions", wanted(microsoft, receiver.url()))
    path = f"/subscriptions/{made['id']}"
    assert ann.ask("POST", f"{path}/reauthorize").status_code == 204
    ann.delete(path)
    for verb, address in (("DELETE", path), ("GET", path), ("POST", f"{path}/reauthorize")):
        assert refused(ann.ask(verb, address)) == (404, "ResourceNotFound")


def test_the_control_api_tells_whose_it_is(
    microsoft: MicrosoftEmulator, ben: Graph, receiver: GraphReceiver
) -> None:
    ben.post("/subscriptions", wanted(microsoft, receiver.url()), Prefer='IdType="ImmutableId"')
    [row] = microsoft.subscriptions()
    assert (row["user"], row["immutableIds"], row["paused"]) == (BEN, True, False)
    assert row["calendar"] == ben.get("/me/calendar")["id"]
