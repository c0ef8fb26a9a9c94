"""Calling SQL functions: the same answers over both transports."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from shared.db.database import Database
from shared.errors import (
    AccountBusy,
    AccountTaken,
    DatabaseUnavailable,
    LeaseLost,
    NotFound,
    Refused,
)

UNICODE = 'Zoë\'s 🔒 «café»\n\t"quoted" \\back\\ %s %(x)s {brace} ; -- 北京 \u200f\u0301'
MOMENT = datetime(2026, 11, 20, 10, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))
PERSON = UUID("6f1b7a52-3c1e-4d0a-9c55-0d9e3f1f7c11")

ARGUMENTS: dict[str, Any] = {
    "text": UNICODE,
    "whole": 9007199254740993,
    "real": 0.1,
    "flag": True,
    "uuid": PERSON,
    "at": MOMENT,
    "document": {"a": [1, 2.5, None, True, {"ü": UNICODE}], "empty": {}},
    "list": ["x", 1, None, {"y": []}],
    "nothing": None,
}


def test_every_kind_of_argument_arrives_and_comes_back(database: Database) -> None:
    [row] = database.call("echo", **ARGUMENTS)

    assert row == {
        **ARGUMENTS,
        "uuid": str(PERSON),
        "at": "2026-11-20T08:30:15.123456+00:00",
        "kept": "default",
    }


def test_times_and_ids_inside_documents_are_written_alike(database: Database) -> None:
    inside = {"at": MOMENT, "day": MOMENT.date(), "id": PERSON}

    [row] = database.call("echo", **{**ARGUMENTS, "document": inside, "list": [inside]})

    written = {"at": MOMENT.isoformat(), "day": "2026-11-20", "id": str(PERSON)}
    assert (row["document"], row["list"]) == (written, [written])


def test_empty_text_is_not_null(database: Database) -> None:
    [row] = database.call("echo", **{**ARGUMENTS, "text": "", "kept": ""})

    assert (row["text"], row["kept"]) == ("", "")


def test_large_arguments(database: Database) -> None:
    items = [{"id": n, "summary": UNICODE * 10} for n in range(5000)]

    [row] = database.call("measure", items=items)

    assert row["items"] == 5000
    assert row["bytes"] > 3_000_000


def test_a_set_comes_back_in_its_order(database: Database) -> None:
    assert [row["id"] for row in database.call("some_things", count=3)] == [1, 2, 3]


def test_an_empty_set(database: Database) -> None:
    assert list(database.call("some_things", count=0)) == []


def test_one_composite_value_is_one_row(database: Database) -> None:
    [row] = database.call("one_thing", id=7)

    assert row == {
        "id": 7,
        "name": "thing 7",
        "family": 0,
        "flag": False,
        "real_number": 0.875,
        "exact_number": 7.7,
        "big": 9007199254741000,
        "uid": "00000000-0000-0000-0000-000000000007",
        "at": "2026-03-01T00:07:00.123456+00:00",
        "day": "2026-03-08",
        "tags": ["a", "b7"],
        "document": {"n": 7, "none": None},
    }


@pytest.mark.parametrize("function", ["do_nothing", "whole_number"])
def test_what_is_no_row_gives_no_rows(database: Database, function: str) -> None:
    assert list(database.call(function)) == []


def test_a_lost_lease(database: Database) -> None:
    with pytest.raises(LeaseLost, match=r"^lease 3 is lost$"):
        database.call("fail", code="CS001", message="lease 3 is lost")


@pytest.mark.parametrize(("code", "kind"), [("CS004", AccountTaken), ("CS005", AccountBusy)])
def test_an_account_that_cannot_be_connected(
    database: Database, code: str, kind: type[Refused]
) -> None:
    with pytest.raises(kind, match=r"^not this one$"):
        database.call("fail", code=code, message="not this one")


def test_what_does_not_exist(database: Database) -> None:
    with pytest.raises(NotFound, match=r"^calendar 3 does not exist$"):
        database.call("fail", code="CS002", message="calendar 3 does not exist")


@pytest.mark.parametrize("code", ["CS003", "22023", "P0001", "42501", "57014"])
def test_a_refusal_carries_code_and_message(database: Database, code: str) -> None:
    with pytest.raises(Refused, match=f"^{code}: because of ü$"):
        database.call("fail", code=code, message="because of ü")


@pytest.mark.parametrize("code", ["57P01", "53300", "08006"])
def test_an_outage_is_not_a_refusal(database: Database, code: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=f"{code}: going down"):
        database.call("fail", code=code, message="going down")


def test_a_violated_constraint(database: Database) -> None:
    with pytest.raises(Refused, match=r"^23505: duplicate key value"):
        database.call("insert_twice")


def test_a_call_that_fails_writes_nothing(database: Database) -> None:
    with pytest.raises(Refused):
        database.call("fail", code="P0001", message="too late")

    assert list(database.read("things", where={"id": 9999})) == []


@pytest.mark.parametrize("arguments", [{}, {"id": 1, "extra": 2}, {"id": "x"}, {"id": []}])
def test_a_call_that_does_not_fit(database: Database, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        database.call("one_thing", **arguments)


@pytest.mark.parametrize("text", ["nul \x00", "lone surrogate \ud83d"])
def test_text_that_postgres_cannot_hold(database: Database, text: str) -> None:
    with pytest.raises(Refused, match=r"\w"):
        database.call("echo", **{**ARGUMENTS, "text": text})
    with pytest.raises(Refused, match=r"\w"):
        database.call("echo", **{**ARGUMENTS, "document": {"text": text}})


def test_an_unknown_function(database: Database) -> None:
    with pytest.raises(Refused, match="no_such_function"):
        database.call("no_such_function", x=1)


def test_a_connection_that_is_lost_is_replaced(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        database.call("lose_connection")

    assert len(database.call("some_things", count=1)) == 1


def test_threads_share_a_database(database: Database) -> None:
    def ask(number: int) -> int:
        when = datetime(2026, 1, 1, tzinfo=UTC)
        [row] = database.call("echo", **{**ARGUMENTS, "whole": number, "at": when})
        return int(row["whole"])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(100))) == list(range(100))
