"""Who may call a function."""

import pytest

from shared.decide.allow_caller import allow_caller, bearer_token


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer s3cret", "s3cret"),
        ("bearer  s3cret ", "s3cret"),
        ("Basic s3cret", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
        (None, None),
    ],
)
def test_reads_the_token_of_a_header(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


@pytest.mark.parametrize("secrets", [["s3cret"], ["other", "s3cret"], [None, "s3cret"]])
def test_any_of_the_secrets_opens(secrets: list[str | None]) -> None:
    assert allow_caller("Bearer s3cret", secrets)


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        ("Bearer s3cre", ["s3cret"]),
        ("Bearer s3cret", [None]),
        ("Bearer s3cret", []),
        ("Bearer ", [""]),
        (None, ["", None]),
        ("s3cret", ["s3cret"]),
    ],
)
def test_nothing_else_does(header: str | None, secrets: list[str | None]) -> None:
    assert not allow_caller(header, secrets)
