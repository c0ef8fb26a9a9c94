"""Push channels: opened, announced, closed, refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import GiveUp, Reauthorize, Retry
from shared.providers.base import Channel, ChannelRequest
from shared.providers.google import Google, GoogleSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN, never_rotated
from tests.support.google_emulator import GoogleEmulator, wait_until

WATCH_PATH = "/calendar/v3/calendars/ann%40x.test/events/watch"
NEXT_WEEK = datetime.now(UTC).replace(microsecond=0) + timedelta(days=6)


@pytest.fixture
def receiver() -> Iterator[CannedServer]:
    """Where notifications go."""
    with CannedServer() as server:
        server.answer("/hook", Answer(status=204))
        yield server


def request(address: str, channel_id: str = "channel-1", calendar: str = ANN) -> ChannelRequest:
    return ChannelRequest(
        provider_calendar_id=calendar,
        channel_id=channel_id,
        address=address,
        token="v1.proof",
        expires_at=NEXT_WEEK,
    )


def test_a_channel_is_opened_as_asked(
    emulator: GoogleEmulator, session: GoogleSession, receiver: CannedServer
) -> None:
    channel = session.watch(request(f"{receiver.url}/hook"))
    (listed,) = emulator.channels()
    assert channel == Channel("channel-1", listed["resource_id"], NEXT_WEEK)
    assert (listed["calendar"], listed["token"]) == (ANN, "v1.proof")
    wait_until(lambda: receiver.count("/hook") == 1)  # the sync message
    event = {"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}}
    emulator.create_event(ANN, event)
    wait_until(lambda: receiver.count("/hook") == 2)


def test_google_may_shorten_the_life(
    emulator: GoogleEmulator, session: GoogleSession, receiver: CannedServer
) -> None:
    emulator.settings(channel_max_ttl_s=3600)
    channel = session.watch(request(f"{receiver.url}/hook"))
    assert channel.expires_at < NEXT_WEEK - timedelta(days=5)
    assert channel.expires_at.tzinfo is UTC


def test_a_closed_channel_is_silent_and_may_be_closed_again(
    emulator: GoogleEmulator, session: GoogleSession, receiver: CannedServer
) -> None:
    channel = session.watch(request(f"{receiver.url}/hook"))
    assert channel.resource_id is not None
    session.stop(channel.channel_id, channel.resource_id)
    assert not emulator.channels()[0]["live"]
    session.stop(channel.channel_id, channel.resource_id)
    session.stop("never-heard-of", channel.resource_id)


def test_an_expired_channel_counts_as_closed(
    emulator: GoogleEmulator, session: GoogleSession, receiver: CannedServer
) -> None:
    channel = session.watch(request(f"{receiver.url}/hook"))
    assert channel.resource_id is not None
    emulator.advance(8 * 86400)
    session.stop(channel.channel_id, channel.resource_id)


def test_somebody_elses_channel_is_not_closed(
    emulator: GoogleEmulator, google: Google, session: GoogleSession, receiver: CannedServer
) -> None:
    channel = session.watch(request(f"{receiver.url}/hook"))
    emulator.add_person("bob@x.test")
    stored = {"refresh_token": emulator.tokens("bob@x.test")["refresh_token"]}
    bob = google.sign_in("bob", stored, never_rotated)
    assert channel.resource_id is not None
    with pytest.raises(GiveUp) as caught:
        bob.stop(channel.channel_id, channel.resource_id)
    assert caught.value.code == "forbidden"
    assert emulator.channels()[0]["live"]
    bob.close()


def test_an_id_is_good_once(session: GoogleSession, receiver: CannedServer) -> None:
    session.watch(request(f"{receiver.url}/hook"))
    with pytest.raises(Retry) as caught:
        session.watch(request(f"{receiver.url}/hook"))
    assert caught.value.code == "channelIdNotUnique"


def test_an_address_without_tls_is_the_operators_to_mend(session: GoogleSession) -> None:
    with pytest.raises(Retry) as caught:
        session.watch(request("http://calsync.example/hook"))
    assert caught.value.code == "webhook_url_refused"
    assert "calsync.example" not in str(caught.value)


def test_an_unknown_calendar_may_turn_up_yet(
    session: GoogleSession, receiver: CannedServer
) -> None:
    with pytest.raises(Retry) as caught:
        session.watch(request(f"{receiver.url}/hook", calendar="none@x.test"))
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (400, "pushNotSupportedForRequestedResource", GiveUp),
        (403, "notACalendarUser", GiveUp),
        (401, "authError", Reauthorize),
    ],
)
def test_push_that_cannot_be_had(
    emulator: GoogleEmulator,
    session: GoogleSession,
    receiver: CannedServer,
    status: int,
    reason: str,
    error: type[Exception],
) -> None:
    emulator.fault("status", status=status, reason=reason, match={"method": "events.watch"})
    with pytest.raises(error):
        session.watch(request(f"{receiver.url}/hook"))
    assert emulator.channels() == []


@pytest.mark.parametrize("expiration", [1795300000000, "1795300000000"])
def test_the_expiry_comes_as_number_or_text(
    canned: CannedServer, canned_session: GoogleSession, expiration: object
) -> None:
    canned.answer(WATCH_PATH, Answer({"resourceId": "r", "expiration": expiration}))
    channel = canned_session.watch(request("https://calsync.example/hook"))
    assert channel == Channel("channel-1", "r", datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC))


def test_without_an_expiry_the_wish_counts(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(WATCH_PATH, Answer({"resourceId": "r"}))
    assert canned_session.watch(request("https://x.example/h")).expires_at == NEXT_WEEK


def test_an_expiry_that_is_none_is_refused(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(WATCH_PATH, Answer({"resourceId": "r", "expiration": "soon"}))
    with pytest.raises(Retry) as caught:
        canned_session.watch(request("https://x.example/h"))
    assert caught.value.code == "unexpected_answer"
