"""Cursors of CalDAV calendars, and what their listings mean for the mirror."""

import pytest

from shared.decide.plan_caldav import (
    POLLS_BETWEEN_COMPARISONS,
    DavCursor,
    ImportPosition,
    Known,
    changed_resources,
    known_resources,
    read_dav_cursor,
    read_import_position,
    too_many_vanished,
    vanished_resources,
)


@pytest.mark.parametrize("cursor", [DavCursor(), DavCursor("t", "c", 3), DavCursor(None, "c")])
def test_a_cursor_is_read_as_it_was_written(cursor: DavCursor) -> None:
    assert read_dav_cursor(cursor.text()) == cursor


@pytest.mark.parametrize("text", ["", "CKjQ", "[]", '{"token": "t"}', "[" * 100_000])
def test_other_texts_are_no_cursor(text: str) -> None:
    assert read_dav_cursor(text) is None
    assert read_import_position(text) is None


def test_a_position_is_read_as_it_was_written() -> None:
    position = ImportPosition(DavCursor("t", "c"), "/ann/b.ics")
    assert read_import_position(position.text()) == position
    assert read_import_position(ImportPosition(DavCursor("t"), "").text()) is None


@pytest.mark.parametrize(
    ("before", "now", "quiet"),
    [
        (DavCursor("t1", "c1"), DavCursor("t1", "c1"), True),
        (DavCursor("t1", "c1"), DavCursor("t1", "c2"), False),
        (DavCursor("t1", "c1"), DavCursor("t1", None), False),
        (DavCursor("t1", None), DavCursor("t1", None), True),
        (DavCursor("t1", None), DavCursor("t2", None), False),
        (DavCursor(None, None), DavCursor(None, None), False),
        (DavCursor("t1", "c1", POLLS_BETWEEN_COMPARISONS), DavCursor("t1", "c1"), False),
    ],
)
def test_when_nothing_needs_to_be_read(before: DavCursor, now: DavCursor, quiet: bool) -> None:
    assert before.quiet(now) is quiet


def test_polls_are_counted() -> None:
    assert DavCursor("t", "c", 4).polled() == DavCursor("t", "c", 5)


def test_resources_are_known_by_all_their_events() -> None:
    mirrored = {"/a": '"1"', "/a#20261124": 'W/"1"', "/b": '"1"', "/b#2": '"2"', "/c#20261124": "3"}
    assert known_resources(mirrored) == {
        "/a": Known(("/a", "/a#20261124"), "1"),
        "/b": Known(("/b", "/b#2"), None),
        "/c": Known(("/c#20261124",), "3"),
    }


def test_only_what_changed_is_loaded() -> None:
    known = known_resources({"/same": '"1"', "/other": '"1"', "/mixed": "1", "/mixed#2": "2"})
    listed = {"/same": "1", "/other": '"2"', "/mixed": "1", "/new": '"1"', "/untold": ""}
    assert changed_resources(listed, known) == ["/mixed", "/new", "/other", "/untold"]


def test_what_a_full_listing_lacks_vanished() -> None:
    assert vanished_resources(["/a"], known_resources({"/a": "", "/c": "", "/b#1": ""})) == [
        "/b",
        "/c",
    ]


@pytest.mark.parametrize(
    ("vanished", "known", "too_many"), [(4, 4, False), (5, 5, True), (9, 10, False), (10, 10, True)]
)
def test_nearly_everything_is_not_believed_at_once(
    vanished: int, known: int, too_many: bool
) -> None:
    assert too_many_vanished(vanished, known) is too_many
