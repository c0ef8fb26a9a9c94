"""The table of docs/writing.md is what happens, cell by cell, at a real database and provider."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests.docs.markdown import table_below, text_of
from tests.flow.appointments.diary import NOW, Diary
from tests.support.postgres import REPOSITORY

TABLE = table_below(text_of(REPOSITORY / "docs" / "writing.md"), "Conflicts")
PAIRS = [(row[0], row[1]) for row in TABLE]
#: The columns: the policy, and minutes after the start at which each side changes.
COLUMNS = [
    ("newest_wins", 20, 10),
    ("newest_wins", 10, 20),
    ("provider_wins", 20, 10),
    ("local_wins", 10, 20),
    ("manual", 10, 20),
]
#: Title and place of what both sides have; None: deleted.
ORIGINAL = "Review @ Room 4"
OURS = {"changed": "Ours @ Room 4", "deleted": None, "unchanged": ORIGINAL}
THEIRS = {
    "changed": "Theirs @ Room 4",
    "changed otherwise": "Theirs @ Room 4",
    "another field changed": "Review @ Garden",
    "changed alike": "Ours @ Room 4",
    "deleted": None,
    "unchanged": ORIGINAL,
}
HERE: dict[str, Callable[[Diary, UUID], None]] = {
    "changed": lambda diary, made: diary.change(made, summary="Ours"),
    "deleted": lambda diary, made: diary.delete(made),
    "unchanged": lambda diary, made: None,
}
THERE: dict[str, Callable[[Diary, UUID], None]] = {
    "changed": lambda diary, made: diary.change_there(made, summary="Theirs"),
    "changed otherwise": lambda diary, made: diary.change_there(made, summary="Theirs"),
    "another field changed": lambda diary, made: diary.change_there(made, location="Garden"),
    "changed alike": lambda diary, made: diary.change_there(made, summary="Ours"),
    "deleted": lambda diary, made: diary.delete_there(made),
    "unchanged": lambda diary, made: None,
}


@pytest.mark.parametrize("first", ["the sync", "the write"])
@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=lambda number: COLUMNS[number][0])
def test_the_table_is_true(diary: Diary, column: int, first: str) -> None:
    """Whether the calendar is read before our write is tried, or the write finds it changed."""
    policy, here_at, there_at = COLUMNS[column]
    diary.policy(policy)
    made = {pair: diary.make("Review", location="Room 4") for pair in PAIRS}
    diary.settle()
    assert {diary.there(each) for each in made.values()} == {ORIGINAL}
    acts = sorted([(here_at, HERE, 0), (there_at, THERE, 1)], key=lambda act: act[0])
    for minutes, side, place in acts:
        diary.rig.at(NOW + timedelta(minutes=minutes))
        for pair, each in made.items():
            side[pair[place]](diary, each)
    diary.rig.at(NOW + timedelta(minutes=30))
    if first == "the write":
        diary.rig.deliver()
    diary.settle()
    found = {pair: _outcome(diary, pair, each) for pair, each in made.items()}
    assert found == {(row[0], row[1]): row[2 + column] for row in TABLE}
    for (here, there), each in made.items():
        _assert_nothing_is_lost(diary, each, here, there)
    diary.assert_quiet()


def _outcome(diary: Diary, pair: tuple[str, str], made: UUID) -> str:
    """In the words of the table; what is no such word is told as it is found."""
    here, there = diary.here(made), diary.there(made)
    found = f"{here} | {there}"
    if diary.conflicts(made, decision="pending"):
        return "pending" if (here, there) == (OURS[pair[0]], THEIRS[pair[1]]) else found
    words = {
        None: "deleted",
        "Ours @ Garden": "merged",
        "Ours @ Room 4": "alike" if pair[1] == "changed alike" else "ours",
        "Theirs @ Room 4": "theirs",
    }
    return words.get(here, found) if here == there else found


def _assert_nothing_is_lost(diary: Diary, made: UUID, here: str, there: str) -> None:
    """Each version of a side that changed is what both have now, or stands in a conflict."""
    kept = {diary.here(made)} | {
        f"{version['summary']} @ {version['location']}" if version else None
        for conflict in diary.conflicts(made)
        for version in (conflict["local"], conflict["remote"])
    }
    changed = {OURS[here]} if here != "unchanged" else set()
    changed |= {THEIRS[there]} if there != "unchanged" else set()
    assert changed <= kept
