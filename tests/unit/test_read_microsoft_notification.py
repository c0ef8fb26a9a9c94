"""Bodies of Graph notifications: what counts, what is dropped, what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.decide.client_state import issue_client_state
from shared.decide.read_microsoft_notification import (
    MicrosoftDelivery,
    read_microsoft_notification,
    read_validation_token,
)
from shared.errors import Forbidden, InvalidRequest

PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "data" / "payloads" / "msgraph-docs"
CALENDAR, OTHER, ROW = UUID(int=7), UUID(int=8), UUID(int=5)
STATE = issue_client_state("secret", str(ROW), CALENDAR)
CHANGE: dict[str, Any] = {
    "id": "lsgTZMr9KwAAA",
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "subscriptionExpirationDateTime": "2026-11-27T02:30:00.1234567-05:00",
    "clientState": STATE,
    "changeType": "updated",
    "resource": "Users/u/Events/AAMk",
    "tenantId": "t",
    "resourceData": {"id": "AAMk"},
}
LIFECYCLE: dict[str, Any] = {
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "subscriptionExpirationDateTime": "2026-11-27T07:30:00Z",
    "tenantId": "t",
    "clientState": STATE,
    "lifecycleEvent": "missed",
}


def read(*items: Any, url: UUID | None = CALENDAR) -> MicrosoftDelivery:
    return read_microsoft_notification({"value": [*items]}, ["secret"], url)


def test_a_change() -> None:
    (found,) = read(CHANGE).notifications
    assert (found.calendar_id, found.subscription_id) == (CALENDAR, ROW)
    assert found.channel_id == CHANGE["subscriptionId"]
    assert found.resource_id == CHANGE["resource"]
    assert found.state == "exists"
    assert found.expires_at == datetime(2026, 11, 27, 7, 30, 0, 123456, UTC)
    assert 0 < found.message_number < 2**63


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("reauthorizationRequired", "reauthorization_required"),
        ("subscriptionRemoved", "subscription_removed"),
        ("missed", "missed"),
    ],
)
def test_lifecycle_events(event: str, state: str) -> None:
    (found,) = read({**LIFECYCLE, "lifecycleEvent": event}).notifications
    assert (found.state, found.resource_id) == (state, "me/events")


def test_a_repeated_delivery_has_the_same_number() -> None:
    once, again, later = (
        read(each).notifications[0].message_number
        for each in (CHANGE, {**CHANGE, "tenantId": "u"}, {**CHANGE, "id": "other"})
    )
    assert once == again
    assert once != later
    unnamed = {name: value for name, value in CHANGE.items() if name != "id"}
    first, second = (
        read({**unnamed, "resourceData": {"@odata.etag": etag}}).notifications[0].message_number
        for etag in ("1", "2")
    )
    assert first != second


def test_each_item_is_judged_by_itself() -> None:
    elsewhere = {**CHANGE, "clientState": issue_client_state("secret", str(ROW), OTHER)}
    forged = [
        {**CHANGE, "clientState": state} for state in (None, "", 7, STATE[:-1] + "!", "x" * 112)
    ]
    found = read(*forged, CHANGE, elsewhere, LIFECYCLE)
    assert [each.state for each in found.notifications] == ["exists", "missed"]
    assert found.forged == 6
    both = read(CHANGE, elsewhere, url=None)
    assert [each.calendar_id for each in both.notifications] == [CALENDAR, OTHER]
    with pytest.raises(Forbidden):
        read(*forged)
    with pytest.raises(Forbidden):
        read(elsewhere)


def test_what_is_wrong_with_a_forged_item_does_not_matter() -> None:
    assert read({"clientState": "guessed", "changeType": 7}, CHANGE).forged == 1


@pytest.mark.parametrize("body", [None, 7, [], {}, {"value": []}, {"value": {}}, {"value": [1]}])
def test_bodies_that_are_none(body: object) -> None:
    with pytest.raises(InvalidRequest):
        read_microsoft_notification(body, ["secret"], None)


def test_more_items_than_graph_would_join() -> None:
    with pytest.raises(InvalidRequest):
        read(*[CHANGE] * 1001)


@pytest.mark.parametrize(
    "odd",
    [
        {"subscriptionId": None},
        {"subscriptionId": ""},
        {"subscriptionId": "x" * 257},
        {"subscriptionId": "a\nb"},
        {"resource": 7},
        {"changeType": None},
        {"changeType": "moved"},
        {"changeType": ["created"]},
        {"lifecycleEvent": "missed"},
        {"changeType": None, "lifecycleEvent": "bored"},
        {"subscriptionExpirationDateTime": "soon"},
        {"subscriptionExpirationDateTime": 7},
        {"subscriptionExpirationDateTime": "0001-01-01T00:00:00+09:00"},
    ],
)
def test_what_graph_would_never_send(odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read({**CHANGE, **odd})
    assert STATE not in str(caught.value)


def test_an_expiry_that_is_not_told_or_has_no_offset() -> None:
    for told, expected in (
        (None, None),
        ("2026-11-27T07:30:00", datetime(2026, 11, 27, 7, 30, tzinfo=UTC)),
    ):
        (found,) = read({**CHANGE, "subscriptionExpirationDateTime": told}).notifications
        assert found.expires_at == expected


@pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded payloads are not here")
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("webhooks-03", "exists"),
        ("webhooks-lifecycle-02", "subscription_removed"),
    ],
)
def test_documented_bodies_are_understood(name: str, state: str) -> None:
    body = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    for item in body["value"]:
        item["clientState"] = STATE
    found = read_microsoft_notification(body, ["secret"], CALENDAR)
    assert {each.state for each in found.notifications} == {state}
    assert found.forged == 0


def test_validation_tokens() -> None:
    token = "Validation: Testing client application reachability for subscription Request-Id: 1"
    assert read_validation_token(token) == token
    for bad in ("", "a\x00", "a\r\nSet-Cookie: b", "x" * 1025, "é"):
        with pytest.raises(InvalidRequest):
            read_validation_token(bad)
