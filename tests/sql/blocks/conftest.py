"""Ann with three calendars in three accounts, read and at rest."""

from collections.abc import Iterator

import pytest

from tests.sql.blocks.world import World


@pytest.fixture
def empty_world(database_url: str) -> Iterator[World]:
    """Ann without a calendar."""
    world = World(database_url)
    world.add_person()
    yield world
    world.connection.close()


@pytest.fixture
def world(empty_world: World) -> World:
    """Ann with `home`, `work` and `club`, which are read."""
    for name in ("home", "work", "club"):
        empty_world.add_calendar(name)
    empty_world.settle()
    return empty_world
