"""Subscriptions at Graph: made with a handshake, adopted, prolonged, repaired, deleted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.decide.client_state import issue_client_state
from shared.errors import GiveUp, Retry
from shared.providers.base import ChannelRequest
from shared.providers.microsoft import MicrosoftSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import ANN
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator

CHANNEL = str(UUID(int=5))
SUBSCRIPTIONS_PATH = "/v1.0/subscriptions"
CREATED = {
    "id": "s-1",
    "resource": "me/events",
    "expirationDateTime": "2026-11-27T07:30:00.1234567Z",
}


@pytest.fixture
def receiver() -> Iterator[GraphReceiver]:
    with GraphReceiver() as receiver:
        yield receiver


@pytest.fixture
def wanted(emulator: MicrosoftEmulator, calendar: str, receiver: GraphReceiver) -> ChannelRequest:
    """What the steps ask for, by the emulator's clock."""
    now = datetime.fromisoformat(emulator.control("clock", {})["now"])
    return ChannelRequest(
        provider_calendar_id=calendar,
        channel_id=CHANNEL,
        address=receiver.url("/m"),
        token=issue_client_state("secret", CHANNEL, UUID(int=7)),
        expires_at=now + timedelta(days=6),
    )


def test_a_subscription_is_made_on_the_calendar_itself(
    emulator: MicrosoftEmulator,
    session: MicrosoftSession,
    calendar: str,
    wanted: ChannelRequest,
    receiver: GraphReceiver,
) -> None:
    channel = session.watch(wanted)
    (made,) = emulator.subscriptions()
    assert receiver.handshakes() == ["/m", "/m"], "both URLs, while we waited"
    assert made["id"] == channel.channel_id
    assert made["resource"] == channel.resource_id == f"me/calendars/{calendar}/events"
    assert made["changeType"] == "created,updated,deleted"
    assert made["clientState"] == wanted.token
    assert made["lifecycleNotificationUrl"] == made["notificationUrl"] == wanted.address
    assert made["immutableIds"] is True
    assert abs(channel.expires_at - wanted.expires_at) < timedelta(seconds=1)


def test_it_is_prolonged_in_place(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    first = session.watch(wanted)
    longer = wanted.expires_at + timedelta(hours=12)
    again = session.watch(replace(wanted, renews=first.channel_id, expires_at=longer))
    assert again.channel_id == first.channel_id
    assert again.expires_at - first.expires_at > timedelta(hours=11)
    assert len(emulator.subscriptions()) == 1


def test_one_that_graph_lost_is_made_anew(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    made = session.watch(replace(wanted, renews="lost"))
    assert [each["id"] for each in emulator.subscriptions()] == [made.channel_id]


def test_one_that_failed_us_is_made_anew(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    first = session.watch(wanted)
    second = session.watch(replace(wanted, renews=first.channel_id, repair=True))
    assert second.channel_id != first.channel_id
    assert [each["id"] for each in emulator.subscriptions()] == [second.channel_id]


def test_one_that_is_there_already_is_adopted(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    first = session.watch(wanted)
    later = wanted.expires_at + timedelta(hours=1)
    adopted = session.watch(replace(wanted, expires_at=later))
    assert adopted.channel_id == first.channel_id
    assert adopted.expires_at > first.expires_at


@pytest.mark.parametrize("repair", [True, False])
def test_one_that_is_no_good_any_more_is_replaced(
    emulator: MicrosoftEmulator,
    session: MicrosoftSession,
    wanted: ChannelRequest,
    receiver: GraphReceiver,
    repair: bool,
) -> None:
    first = session.watch(wanted)
    address = wanted.address if repair else receiver.url("/moved")
    second = session.watch(replace(wanted, address=address, repair=repair))
    assert second.channel_id != first.channel_id
    (left,) = emulator.subscriptions()
    assert (left["id"], left["notificationUrl"]) == (second.channel_id, address)


def test_the_default_calendar_may_be_watched_as_documented(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    emulator.settings(refuse_calendar_subscriptions=True)
    assert session.watch(wanted).resource_id == "me/events"
    side = emulator.add_calendar(ANN, "Side")
    with pytest.raises(GiveUp) as caught:
        session.watch(replace(wanted, provider_calendar_id=side))
    assert caught.value.code == "push_refused"


def test_an_address_that_does_not_answer_is_told_from_a_refusal(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    with pytest.raises(Retry) as caught:
        session.watch(replace(wanted, address="http://127.0.0.1:9/m"))
    assert caught.value.code == "webhook_url_refused"
    assert "WEBHOOK_BASE_URL" in str(caught.value)


def test_stopping_twice_is_stopping_once(
    emulator: MicrosoftEmulator, session: MicrosoftSession, wanted: ChannelRequest
) -> None:
    made = session.watch(wanted)
    for _ in range(2):
        session.stop(made.channel_id, "any")
    assert emulator.subscriptions() == []


def test_trouble_while_stopping_is_trouble(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(f"{SUBSCRIPTIONS_PATH}/s-1", Answer({}, 503))
    with pytest.raises(Retry):
        canned_session.stop("s-1", "any")


@pytest.fixture
def plain() -> ChannelRequest:
    expires = datetime.fromisoformat("2026-11-26T08:00:00.123456+01:00")
    return ChannelRequest("cal-1", CHANNEL, "https://x.test/m", "state", expires)


def test_what_is_asked_and_what_is_answered(
    canned: CannedServer, canned_session: MicrosoftSession, plain: ChannelRequest
) -> None:
    canned.answer(SUBSCRIPTIONS_PATH, Answer(CREATED, 201))
    channel = canned_session.watch(plain)
    ((_, _, body),) = (each for each in canned.asked if each[1] == SUBSCRIPTIONS_PATH)
    assert json.loads(body)["expirationDateTime"] == "2026-11-26T07:00:00.1234560Z"
    assert channel.expires_at == datetime.fromisoformat("2026-11-27T07:30:00.123456Z")


@pytest.mark.parametrize(
    ("expiry", "expected"),
    [("2026-11-27T07:30:00", "2026-11-27T07:30:00Z"), (None, "2026-11-26T07:00:00.123456Z")],
)
def test_an_expiry_without_offset_or_none_at_all(
    canned: CannedServer,
    canned_session: MicrosoftSession,
    plain: ChannelRequest,
    expiry: str | None,
    expected: str,
) -> None:
    canned.answer(SUBSCRIPTIONS_PATH, Answer(CREATED | {"expirationDateTime": expiry}, 201))
    assert canned_session.watch(plain).expires_at == datetime.fromisoformat(expected)


@pytest.mark.parametrize("odd", [{"id": None}, {"id": ""}, {"expirationDateTime": "soon"}])
def test_answers_that_are_none(
    canned: CannedServer,
    canned_session: MicrosoftSession,
    plain: ChannelRequest,
    odd: dict[str, Any],
) -> None:
    canned.answer(SUBSCRIPTIONS_PATH, Answer(CREATED | odd, 201))
    with pytest.raises(Retry) as caught:
        canned_session.watch(plain)
    assert caught.value.code == "unexpected_answer"


@pytest.mark.parametrize("renews", [None, "s-0"])
def test_trouble_at_graph_is_trouble(
    canned: CannedServer,
    canned_session: MicrosoftSession,
    plain: ChannelRequest,
    renews: str | None,
) -> None:
    canned.answer(SUBSCRIPTIONS_PATH, Answer({}, 503))
    canned.answer(f"{SUBSCRIPTIONS_PATH}/s-0", Answer({}, 503))
    with pytest.raises(Retry) as caught:
        canned_session.watch(replace(plain, renews=renews))
    assert caught.value.code == "provider_unavailable"
