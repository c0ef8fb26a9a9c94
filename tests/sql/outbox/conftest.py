"""Ann with three calendars in three accounts, read and at rest."""

from collections.abc import Iterator

import pytest

from tests.sql.blocks.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Ann with `home`, `work` and `club`, which are read."""
    ann = World(database_url)
    ann.add_person()
    for name in ("home", "work", "club"):
        ann.add_calendar(name)
    ann.settle()
    yield ann
    ann.connection.close()
