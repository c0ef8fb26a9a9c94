"""Two installations over the same calendars leave each other's blocks alone."""

from collections.abc import Iterator

import pytest

from tests.flow.writing.life import NAMES, NOW, Life, meeting
from tests.support import postgres
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig


@pytest.fixture
def other(
    life: Life,
    google: GoogleEmulator,
    microsoft_process: MicrosoftEmulator,
    postgres_server_url: str,
    _template: str,
) -> Iterator[Life]:
    """A second installation to which Ann connects the same accounts."""
    name = f"{life.rig.database_url.rsplit('/', 1)[1].split('?')[0]}_other"
    with (
        postgres.database(postgres_server_url, name, _template) as url,
        Rig(url, google, microsoft_process) as rig,
    ):
        # Both databases are clones of one template; a migration would have drawn another id.
        rig.sql("update calsync_private.installation set id = 'ffffffff'")
        rig.at(NOW)
        second = Life(rig, {each: life[each] for each in NAMES})
        second.connect()
        yield second


def test_they_do_not_chase_each_other(life: Life, other: Life) -> None:
    event = life["google"].create(meeting("Board", day=24, hour=9))
    life["radicale"].create(meeting("Lunch", day=24, hour=12))
    for _ in range(3):
        life.settle()
        other.settle()
    assert [len(life.blocks(name)) for name in NAMES] == [2, 4, 2], "one each by both"
    before = life.writes()
    for _ in range(3):
        life.settle()
        other.settle()
    assert life.writes() == before, "and then there is quiet"

    life["google"].change(event, meeting("Board", day=25, hour=9))
    for _ in range(3):
        life.settle()
        other.settle()
    spent = {name: count - before[name] for name, count in life.writes().items()}
    assert spent == {"google": 0, "graph": 2, "radicale": 2}, "each moved its own"

    life["google"].delete(event)
    for _ in range(3):
        life.settle()
        other.settle()
    assert [len(life.blocks(name)) for name in NAMES] == [2, 2, 0]
