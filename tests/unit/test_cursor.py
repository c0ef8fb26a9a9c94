"""Cursors come back as they went out; what is none is refused."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.decide.cursor import read_cursor, write_cursor
from shared.errors import InvalidRequest

AT = "2026-11-21T09:00:00.123456+00:00"
ID = "00000000-0000-4000-8000-00000000000a"
TYPES = (datetime, UUID)


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def test_a_cursor_gives_its_keys_again() -> None:
    cursor = write_cursor("list_things", [AT, ID])
    assert "=" not in cursor
    keys = read_cursor("list_things", TYPES, cursor)
    assert keys == (datetime(2026, 11, 21, 9, 0, 0, 123456, UTC), UUID(ID))


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="another list"):
        read_cursor("list_others", TYPES, write_cursor("list_things", [AT, ID]))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "*",
        "ü",
        "AAAA",
        encoded({}),
        encoded([]),
        encoded(["list_things"]),
        encoded(["list_things", AT]),
        encoded(["list_things", AT, ID, ID]),
        encoded(["list_things", "soon", ID]),
        encoded(["list_things", AT, "me"]),
        encoded(["list_things", AT, None]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
    ids=lambda cursor: cursor[:12],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="no cursor"):
        read_cursor("list_things", TYPES, cursor)
