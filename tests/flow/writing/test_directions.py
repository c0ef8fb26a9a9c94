"""From every calendar to every other: an event becomes a block, which follows it in place."""

from dataclasses import replace
from datetime import date

import pytest

from shared.states import Response, ShowAs
from tests.conformance.meeting import ANN, BEN, Guest, wall
from tests.flow.writing.life import NAMES, Block, Life, meeting, utc

DENTIST = meeting("Dentist", day=24, hour=9)


@pytest.mark.parametrize("source", NAMES)
def test_an_event_becomes_a_block_that_follows_it(life: Life, source: str) -> None:
    event = life[source].create(DENTIST)
    life.settle()
    made = {name: life.blocks(name) for name in life.others(source)}
    for (block,) in made.values():
        assert block == Block(block.event, "🔒 Busy", utc(24, 9), utc(24, 10))
    assert life.blocks(source) == []
    life.assert_quiet()

    before = life.writes()
    life.settle()
    assert life.writes() == before, "an unchanged calendar writes nothing"

    life[source].change(event, meeting("Dentist", day=25, hour=14, hours=2))
    life.settle()
    for name, (block,) in made.items():
        assert life.blocks(name) == [replace(block, start=utc(25, 14), end=utc(25, 16))]
        assert life.writes()[name] == before[name] + 1, "one update, in place"
    life.assert_quiet()

    life[source].delete(event)
    life.settle()
    for name in made:
        assert life.blocks(name) == []
        assert life.writes()[name] == before[name] + 2, "one deletion"
    assert life.writes()[source] == before[source]
    life.assert_quiet()


@pytest.mark.parametrize("source", NAMES)
def test_what_takes_no_time_blocks_nothing(life: Life, source: str) -> None:
    life[source].create(replace(DENTIST, show_as=ShowAs.FREE))
    invited = (Guest(BEN, Response.ACCEPTED), Guest(ANN))
    event = life[source].create(replace(DENTIST, title="Party", organizer=BEN, guests=invited))
    life.settle()
    assert [len(life.blocks(name)) for name in life.others(source)] == [1, 1]
    life[source].answer(event, Response.DECLINED)
    life.settle()
    assert [life.blocks(name) for name in life.others(source)] == [[], []]
    life.assert_quiet()


@pytest.mark.parametrize("source", NAMES)
def test_an_all_day_event_blocks_days(life: Life, source: str) -> None:
    trip = replace(DENTIST, title="Trip", start=date(2026, 11, 27), end=date(2026, 11, 30))
    life[source].create(trip)
    life.settle()
    for name in life.others(source):
        (block,) = life.blocks(name)
        assert (block.start, block.end) == (date(2026, 11, 27), date(2026, 11, 30))
    life.assert_quiet()


def test_an_event_in_each_calendar_blocks_the_two_others(life: Life) -> None:
    for number, name in enumerate(NAMES):
        life[name].create(meeting(name, day=24, hour=9 + number))
    life.settle()
    for number, name in enumerate(NAMES):
        hours = [9 + each for each in range(3) if each != number]
        assert [block.start for block in life.blocks(name)] == [utc(24, hour) for hour in hours]
    life.assert_quiet()


def test_a_block_that_somebody_deletes_or_moves_comes_back(life: Life) -> None:
    life["google"].create(DENTIST)
    life.settle()
    (block,) = life.blocks("graph")
    life["graph"].writing().remove(block.event)
    (other,) = life.blocks("radicale")
    life["radicale"].writing().retitle(other.event, "Not so busy")
    life.rig.later(minutes=1)
    life.settle()
    life.settle()
    (again,) = life.blocks("graph")
    assert (again.title, again.start) == (block.title, block.start)
    assert life.blocks("radicale") == [other]
    life.assert_quiet()


def test_midnight_is_no_boundary(life: Life) -> None:
    night = replace(DENTIST, start=wall(2026, 11, 24, 22), end=wall(2026, 11, 25, 3))
    life["radicale"].create(night)
    life.settle()
    for name in ("google", "graph"):
        (block,) = life.blocks(name)
        assert (block.start, block.end) == (utc(24, 22), utc(25, 3))
