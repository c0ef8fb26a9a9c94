"""A database put back to what it was in the morning agrees with the calendar again."""

from collections.abc import Iterator

import pytest

from tests.flow.appointments.diary import ANN, Diary
from tests.support.backup import Backup, backup


@pytest.fixture
def kept(diary: Diary, postgres_server_url: str) -> Iterator[Backup]:
    """A copy of the database."""
    with backup(diary.rig, postgres_server_url) as copy:
        yield copy


def test_what_was_done_since_is_not_undone_there(diary: Diary, kept: Backup) -> None:
    changed, deleted = diary.make("Review"), diary.make("Lunch")
    diary.settle()
    kept.take()
    diary.change(changed, summary="Final review")
    diary.delete(deleted)
    diary.make("Dinner")
    diary.settle()
    assert diary.titles_there() == ["Dinner", "Final review"]

    kept.put_back()
    diary.settle()
    assert diary.titles_there() == ["Dinner", "Final review"]
    assert diary.here(changed) == "Final review @ None"
    assert diary.here(deleted) is None
    assert "Dinner" in diary.rig.titles(), "an event like any other"
    diary.assert_quiet()


def test_an_appointment_that_is_made_again_takes_the_event_of_the_first(
    diary: Diary, kept: Backup
) -> None:
    kept.take()
    made = diary.make("Dinner")
    diary.settle()
    kept.put_back()
    diary.make("Dinner", id=made)
    diary.settle()
    assert diary.titles_there() == ["Dinner"]
    assert diary.state(made) == "synced"
    diary.assert_quiet()


def test_a_write_that_waited_in_the_backup_is_done_once(diary: Diary, kept: Backup) -> None:
    made = diary.make("Dinner")
    kept.take()
    diary.settle()
    diary.rig.google.patch_event(ANN, diary.event_id(made), {"location": "Luigi"})
    diary.settle()
    kept.put_back()
    diary.settle()
    assert diary.titles_there() == ["Dinner"]
    assert diary.here(made) == diary.there(made) == "Dinner @ Luigi"
    diary.assert_quiet()
