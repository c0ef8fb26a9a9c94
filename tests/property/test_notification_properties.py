"""Tokens cannot be forged, and notifications are read or refused, never anything else."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.channel_token import issue_token, read_token
from shared.decide.read_google_notification import GoogleNotification, read_google_notification
from shared.errors import Forbidden, InvalidRequest
from tests.property.strategies import any_text

secrets = st.text(min_size=1, max_size=40)
channels = st.text(max_size=64)
CHANNEL, CALENDAR = "8d0c", UUID("0b0f4a52-9d0b-4b0e-8a39-5f9b3f7d8c11")
TOKEN = issue_token("newest", CHANNEL, CALENDAR)
HEADERS = {
    "X-Goog-Channel-ID": CHANNEL,
    "X-Goog-Channel-Token": TOKEN,
    "X-Goog-Channel-Expiration": "Fri, 27 Nov 2026 08:00:00 GMT",
    "X-Goog-Resource-ID": "o3hg",
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "10",
}


@given(st.lists(secrets, min_size=1, max_size=4, unique=True), channels, st.uuids(), st.data())
def test_a_token_is_read_with_whichever_secret_issued_it(
    known: list[str], channel: str, calendar: UUID, data: st.DataObject
) -> None:
    token = issue_token(data.draw(st.sampled_from(known)), channel, calendar)
    assert read_token(known, channel, token) == calendar
    assert len(token) <= 128


@given(secrets, secrets, channels, channels, st.uuids())
def test_a_token_holds_for_one_secret_and_one_channel(
    secret: str, other_secret: str, channel: str, other_channel: str, calendar: UUID
) -> None:
    token = issue_token(secret, channel, calendar)
    genuine = (secret, channel) == (other_secret, other_channel)
    assert (read_token([other_secret], other_channel, token) == calendar) == genuine


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_no_character_of_a_token_can_be_changed(place: int, letter: str) -> None:
    forged = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert (read_token(["newest"], CHANNEL, forged) == CALENDAR) == (forged == TOKEN)


@given(any_text, st.lists(secrets, max_size=2), any_text)
def test_nonsense_is_no_token(token: str, known: list[str], channel: str) -> None:
    assert read_token(known, channel, token) is None


@given(
    st.dictionaries(st.sampled_from(sorted(HEADERS)), any_text | st.text(max_size=300), max_size=4),
    st.sets(st.sampled_from(sorted(HEADERS))),
    st.none() | st.just(CALENDAR) | st.uuids(),
)
def test_any_headers_are_read_or_refused(
    changed: dict[str, str], missing: set[str], in_url: UUID | None
) -> None:
    given_headers = {k: v for k, v in (HEADERS | changed).items() if k not in missing}
    try:
        notification = read_google_notification(given_headers, ["newest"], in_url)
    except (InvalidRequest, Forbidden):
        assert changed or missing or in_url not in (None, CALENDAR)
    else:
        assert isinstance(notification, GoogleNotification)
        assert notification.calendar_id == CALENDAR
        assert given_headers["X-Goog-Channel-Token"] == TOKEN
        assert in_url in (None, CALENDAR)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
def test_any_printable_date_is_read_or_refused(written: str) -> None:
    headers = HEADERS | {"X-Goog-Channel-Expiration": written}
    try:
        expires_at = read_google_notification(headers, ["newest"], None).expires_at
    except InvalidRequest as refused:
        assert "X-Goog-Channel-Expiration" in str(refused)  # noqa: PT017 - one of two outcomes
    else:
        assert expires_at is not None
        assert expires_at.utcoffset() is not None
