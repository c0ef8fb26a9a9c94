"""Reading views and tables: the same rows over both transports."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.db.database import Database, Row
from shared.db.direct import DirectDatabase
from shared.db.rest import RestDatabase
from shared.errors import Refused

ALL = 2345


def ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


def test_both_transports_give_equal_rows(direct: DirectDatabase, rest: RestDatabase) -> None:
    assert list(direct.read("things", order=["id"])) == list(rest.read("things", order=["id"]))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"id": 5}, [5]),
        ({"name": "thing 6"}, [6]),
        ({"name": "thing, (6):\"\\'*%"}, []),
        ({"uid": UUID(int=7)}, [7]),
        ({"uid": "00000000-0000-0000-0000-000000000007"}, [7]),
        ({"at": datetime(2026, 3, 1, 0, 8, 0, 123456, tzinfo=UTC)}, [8]),
        ({"day": date(2026, 3, 10)}, [9]),
        ({"big": 9007199254741003}, [10]),
        ({"real_number": 1.375}, [11]),
        ({"flag": True, "family": 5, "document": None}, list(range(12, ALL, 42))),
        ({"flag": False, "at": None}, []),
        ({"id": 1, "at": None}, []),
        ({"id": 10, "at": None}, [10]),
    ],
)
def test_where(database: Database, where: dict[str, Any], expected: list[int]) -> None:
    assert ids(database.read("things", where=where, order=["id"])) == expected


def test_after_is_strict_and_joins_where(database: Database) -> None:
    rows = database.read("things", where={"family": 3}, after={"id": 10}, order=["id"], limit=2)

    assert ids(rows) == [17, 24]


def test_after_a_moment(database: Database) -> None:
    latest = datetime(2026, 3, 2, 15, 3, 0, 123456, tzinfo=UTC)

    assert ids(database.read("things", after={"at": latest}, order=["id"])) == [2344, 2345]


def test_keyset_paging_meets_every_row_once(database: Database) -> None:
    met: list[int] = []
    while page := ids(
        database.read("things", after={"id": met[-1] if met else 0}, order=["id"], limit=500)
    ):
        met += page

    assert met == list(range(1, ALL + 1))


def test_order_by_several_columns_either_way(database: Database) -> None:
    rows = database.read("things", order=["family", "-id"], limit=3)

    assert ids(rows) == [2345, 2338, 2331]


def test_nulls_come_last_going_up_and_first_going_down(database: Database) -> None:
    up = database.read("things", where={"family": 3}, order=["at", "id"])
    down = database.read("things", where={"family": 3}, order=["-at", "-id"])

    assert up[-1]["at"] is None
    assert ids(down) == ids(up)[::-1]


@pytest.mark.parametrize("limit", [0, 1, 999, 1000, 1001, 1500, 5000])
def test_limit(database: Database, limit: int) -> None:
    rows = database.read("things", order=["id"], limit=limit)

    assert ids(rows) == list(range(1, min(limit, ALL) + 1))


@pytest.mark.parametrize("order", [[], ["family"], ["-flag", "family"]])
def test_no_row_is_cut_off_or_repeated(database: Database, order: list[str]) -> None:
    rows = database.read("things", order=order)

    assert sorted(ids(rows)) == list(range(1, ALL + 1))
    assert [place(row, order) for row in rows] == sorted(place(row, order) for row in rows)


def place(row: Row, order: list[str]) -> list[int]:
    return [-row[name[1:]] if name.startswith("-") else row[name] for name in order]


def test_equal_rows_are_all_read(database: Database) -> None:
    assert len(database.read("copies")) == ALL


def test_an_empty_answer(database: Database) -> None:
    assert list(database.read("things", where={"id": -1})) == []


@pytest.mark.parametrize(
    ("view", "arguments"),
    [
        ("no_such_view", {}),
        ("things", {"where": {"no_such_column": 1}}),
        ("things", {"after": {"no_such_column": 1}}),
        ("things", {"order": ["no_such_column"]}),
        ("things", {"where": {"id": "not a number"}}),
        ("things; drop table things", {}),
        ("things", {"where": {"id = 1 or 1": 1}}),
        ("things", {"order": ["id; drop table things"]}),
    ],
)
def test_what_cannot_be_read(database: Database, view: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"\w"):
        database.read(view, **arguments)

    assert ids(database.read("things", order=["id"], limit=1)) == [1]
