"""What only the direct transport promises: it may sit behind a transaction-mode pooler."""

from collections.abc import Iterator

import pytest

from shared.db.direct import DirectDatabase


@pytest.fixture
def one_connection(conformance_url: str) -> Iterator[DirectDatabase]:
    """The direct transport with a pool of one, so that calls follow each other on it."""
    database = DirectDatabase(conformance_url, size=1)
    yield database
    database.close()


def test_nothing_is_left_in_the_session(one_connection: DirectDatabase) -> None:
    [before] = one_connection.call("session_state")
    for number in range(20):
        one_connection.call("some_things", count=number)
        one_connection.read("things", where={"id": number}, order=["id"], limit=1)

    [after] = one_connection.call("session_state")
    assert after == {
        "prepared": 0,
        "changed": before["changed"],
        "listening": 0,
        "locks": 0,
        "pid": before["pid"],
    }
    assert not before["changed"]


def test_the_clock_comes_with_the_connection_string(conformance_url: str) -> None:
    moved = f"{conformance_url}?options=-c%20calsync.now%3D2027-01-02T03:04:05Z"
    database = DirectDatabase(moved)

    assert [row["now"] for row in database.read("due_summary")] == ["2027-01-02T03:04:05+00:00"]
    database.close()
