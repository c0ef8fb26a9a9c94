"""Google's notification headers: what is taken, what is malformed, what is forged."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.decide.channel_token import issue_token
from shared.decide.read_google_notification import GoogleNotification, read_google_notification
from shared.errors import Forbidden, InvalidRequest

CALENDAR = UUID("0b0f4a52-9d0b-4b0e-8a39-5f9b3f7d8c11")
OTHER = UUID("9c1f4a52-9d0b-4b0e-8a39-5f9b3f7d8c11")
SECRETS = ["newest", "older"]
HEADERS = {
    "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
    "Content-Length": "0",
    "X-Goog-Channel-ID": "8d0c2f0e-5d3b-4f57-a3a8-0a1d6f2f7c55",
    "X-Goog-Channel-Token": issue_token("older", "8d0c2f0e-5d3b-4f57-a3a8-0a1d6f2f7c55", CALENDAR),
    "X-Goog-Channel-Expiration": "Fri, 27 Nov 2026 08:00:00 GMT",
    "X-Goog-Resource-ID": "o3hgv1538sdjfh",
    "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json",
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "10",
}


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in HEADERS.items() if key != name}


def test_reads_a_notification() -> None:
    assert read_google_notification(HEADERS, SECRETS, CALENDAR) == GoogleNotification(
        channel_id="8d0c2f0e-5d3b-4f57-a3a8-0a1d6f2f7c55",
        calendar_id=CALENDAR,
        resource_id="o3hgv1538sdjfh",
        resource_state="exists",
        message_number=10,
        expires_at=datetime(2026, 11, 27, 8, tzinfo=UTC),
    )


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_header_names_have_no_case(change: Callable[[str], str]) -> None:
    headers = {change(name): value for name, value in HEADERS.items()}
    assert read_google_notification(headers, SECRETS, None).calendar_id == CALENDAR


@pytest.mark.parametrize("state", ["sync", "exists", "not_exists"])
def test_knows_the_states_of_calendar_channels(state: str) -> None:
    headers = HEADERS | {"X-Goog-Resource-State": state, "X-Goog-Message-Number": "1"}
    assert read_google_notification(headers, SECRETS, CALENDAR).resource_state == state


def test_a_channel_without_expiration_sends_none() -> None:
    headers = without("X-Goog-Channel-Expiration")
    assert read_google_notification(headers, SECRETS, CALENDAR).expires_at is None


def test_an_http_date_without_zone_is_in_utc() -> None:
    headers = HEADERS | {"X-Goog-Channel-Expiration": "Fri, 27 Nov 2026 08:00:00 -0000"}
    expires_at = read_google_notification(headers, SECRETS, CALENDAR).expires_at
    assert expires_at == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_the_largest_number_that_postgres_holds_is_taken() -> None:
    headers = HEADERS | {"X-Goog-Message-Number": "9223372036854775807"}
    assert read_google_notification(headers, SECRETS, CALENDAR).message_number == 2**63 - 1


@pytest.mark.parametrize(
    "name",
    [
        "X-Goog-Channel-ID",
        "X-Goog-Resource-ID",
        "X-Goog-Resource-State",
        "X-Goog-Message-Number",
    ],
)
def test_refuses_a_notification_without(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name} is missing"):
        read_google_notification(without(name), SECRETS, CALENDAR)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Goog-Channel-ID", "c" * 65),
        ("X-Goog-Channel-ID", "8d0c\x00"),
        ("X-Goog-Channel-ID", "8d0c\r\nX-Evil: 1"),
        ("X-Goog-Channel-Token", "t" * 257),
        ("X-Goog-Channel-Token", "t\x1b[31m"),
        ("X-Goog-Resource-ID", "r" * 257),
        ("X-Goog-Resource-ID", "rés"),
        ("X-Goog-Resource-State", "update"),  # a state of Drive, never of Calendar
        ("X-Goog-Resource-State", "EXISTS"),
        ("X-Goog-Message-Number", "0"),
        ("X-Goog-Message-Number", "-1"),
        ("X-Goog-Message-Number", "1.5"),
        ("X-Goog-Message-Number", "ten"),
        ("X-Goog-Message-Number", "1_0"),
        ("X-Goog-Message-Number", "9223372036854775808"),
        ("X-Goog-Message-Number", "9" * 30),
        ("X-Goog-Channel-Expiration", "1795300000000"),
        ("X-Goog-Channel-Expiration", "Fri, 99 Nov 2026 08:00:00 GMT"),
        ("X-Goog-Channel-Expiration", "Fri, 27 Nov 99999999999999999999 08:00:00 GMT"),
        ("X-Goog-Channel-Expiration", "Fri, 31 Dec 9999 23:59:59 -0100"),
    ],
)
def test_refuses_what_google_would_never_send(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=name) as refused:
        read_google_notification(HEADERS | {name: value}, SECRETS, CALENDAR)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    "headers",
    [
        without("X-Goog-Channel-Token"),
        HEADERS | {"X-Goog-Channel-Token": ""},
        HEADERS | {"X-Goog-Channel-Token": "k=ab12"},
        HEADERS | {"X-Goog-Channel-ID": "another-channel"},
    ],
    ids=["missing", "empty", "not ours", "of another channel"],
)
def test_forbids_without_a_token_of_ours(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match="not issued here"):
        read_google_notification(headers, SECRETS, CALENDAR)


def test_forbids_a_token_of_a_forgotten_secret() -> None:
    with pytest.raises(Forbidden):
        read_google_notification(HEADERS, ["newest"], CALENDAR)


def test_forbids_a_token_at_the_url_of_another_calendar() -> None:
    with pytest.raises(Forbidden, match="another calendar"):
        read_google_notification(HEADERS, SECRETS, OTHER)


def test_malformed_comes_before_forged() -> None:
    headers = HEADERS | {"X-Goog-Channel-Token": "forged", "X-Goog-Message-Number": "x"}
    with pytest.raises(InvalidRequest):
        read_google_notification(headers, SECRETS, OTHER)
