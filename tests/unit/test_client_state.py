"""The clientState: short enough, and nobody else can make one."""

from uuid import UUID

import pytest

from shared.decide.client_state import Vouched, issue_client_state, read_client_state

CALENDAR, SUBSCRIPTION = UUID(int=7), UUID(int=5)
STATE = issue_client_state("secret", str(SUBSCRIPTION), CALENDAR)


def test_it_fits_and_says_what_it_is_for() -> None:
    assert len(STATE) == 112
    assert STATE.isascii()
    assert "secret" not in STATE
    assert read_client_state(["secret"], STATE) == Vouched(CALENDAR, SUBSCRIPTION)


def test_secrets_can_be_rotated() -> None:
    assert read_client_state(["new", "secret", ""], STATE) == Vouched(CALENDAR, SUBSCRIPTION)
    assert read_client_state(["new"], STATE) is None
    assert read_client_state([], STATE) is None


def test_no_part_of_it_can_be_changed() -> None:
    for place in range(len(STATE)):
        for other in "0a":
            forged = STATE[:place] + other + STATE[place + 1 :]
            assert forged == STATE or read_client_state(["secret"], forged) is None


@pytest.mark.parametrize("state", ["", "m1", STATE[:-1], STATE + "A", STATE + "\n", "é" * 112])
def test_what_is_none(state: str) -> None:
    assert read_client_state(["secret"], state) is None


def test_an_empty_secret_makes_none() -> None:
    with pytest.raises(ValueError, match="empty"):
        issue_client_state("", str(SUBSCRIPTION), CALENDAR)
