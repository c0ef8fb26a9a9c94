"""The channel token proves which calendar it was issued for."""

from uuid import UUID

import pytest

from shared.decide.channel_token import issue_token, read_token

CALENDAR = UUID("0b0f4a52-9d0b-4b0e-8a39-5f9b3f7d8c11")
OTHER = UUID("9c1f4a52-9d0b-4b0e-8a39-5f9b3f7d8c11")
TOKEN = issue_token("newest", "8d0c", CALENDAR)


def test_reads_back_the_calendar_it_was_issued_for() -> None:
    assert read_token(["newest"], "8d0c", TOKEN) == CALENDAR


def test_fits_where_google_and_microsoft_take_it() -> None:
    # Google: 256 characters; Microsoft's clientState: 128.
    assert len(TOKEN) <= 128
    assert TOKEN.isascii()
    assert TOKEN.isprintable()


def test_keeps_its_form_so_that_subscriptions_outlive_a_deployment() -> None:
    assert TOKEN == (
        "v1.0b0f4a529d0b4b0e8a395f9b3f7d8c11."
        "707b6daeec764a0f7824937d5222e6291fdafaa910fa552668a614eb394bca00"
    )


@pytest.mark.parametrize("secrets", [["newest", "older"], ["even newer", "newest"]])
def test_any_secret_of_a_rotation_will_do(secrets: list[str]) -> None:
    assert read_token(secrets, "8d0c", TOKEN) == CALENDAR


@pytest.mark.parametrize(
    ("secrets", "channel_id"),
    [(["another"], "8d0c"), ([], "8d0c"), ([""], "8d0c"), (["newest"], "8d0d")],
    ids=["another secret", "no secret", "empty secret", "another channel"],
)
def test_tells_nothing_without_the_right_secret_and_channel(
    secrets: list[str], channel_id: str
) -> None:
    assert read_token(secrets, channel_id, TOKEN) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "k=ab12",
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN.upper(),
        TOKEN.replace("v1.", "v2."),
        TOKEN.replace(CALENDAR.hex, OTHER.hex),
        TOKEN.replace(CALENDAR.hex, str(CALENDAR)),
        "v1.\u0660b0f4a529d0b4b0e8a395f9b3f7d8c11." + "0" * 64,
        "\x00\ud800",
    ],
)
def test_tells_nothing_of_a_token_that_was_tampered_with(token: str) -> None:
    assert read_token(["newest"], "8d0c", token) is None


def test_issues_nothing_that_anyone_could_forge() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        issue_token("", "8d0c", CALENDAR)
