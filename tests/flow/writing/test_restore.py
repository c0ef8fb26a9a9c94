"""A database put back to what it was in the morning finds its blocks again."""

from collections.abc import Iterator

import pytest

from tests.flow.writing.life import Life, meeting, utc
from tests.support.backup import Backup, backup


@pytest.fixture
def kept(life: Life, postgres_server_url: str) -> Iterator[Backup]:
    """A copy of the database."""
    with backup(life.rig, postgres_server_url) as copy:
        yield copy


def test_a_restored_database_converges_without_doubles(life: Life, kept: Backup) -> None:
    first = life["google"].create(meeting("First", day=23, hour=9))
    second = life["google"].create(meeting("Second", day=23, hour=11))
    life.settle()
    kept.take()

    life["google"].change(first, meeting("First", day=24, hour=9))
    life["google"].delete(second)
    life["google"].create(meeting("Third", day=25, hour=9))
    life["radicale"].create(meeting("Fourth", day=26, hour=9))
    life.settle()
    after = {name: life.blocks(name) for name in ("google", "graph", "radicale")}
    assert [block.start for block in after["graph"]] == [utc(24, 9), utc(25, 9), utc(26, 9)]

    kept.put_back()
    life.settle()
    life.rig.later(minutes=1)
    life.settle()
    assert {name: life.blocks(name) for name in after} == after, "the very same events"
    life.assert_quiet()


def test_what_was_forgotten_and_is_not_wanted_any_more_goes(life: Life, kept: Backup) -> None:
    kept.take()
    event = life["google"].create(meeting("Late", day=23, hour=9))
    life.settle()
    assert len(life.blocks("graph")) == 1
    life["google"].delete(event)
    kept.put_back()
    life.settle()
    life.settle()
    life.rig.later(minutes=1)
    life.settle()
    assert [life.blocks(name) for name in ("graph", "radicale")] == [[], []]
    life.assert_quiet()
