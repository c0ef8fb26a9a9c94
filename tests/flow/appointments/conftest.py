"""Ann's diary, connected, on a clock that stands still."""

import pytest

from tests.flow.appointments.diary import ANN, NOW, Diary
from tests.support.rig import Rig


@pytest.fixture
def diary(rig: Rig) -> Diary:
    """Empty on both sides."""
    rig.at(NOW)
    return Diary(rig, rig.settled(ANN))
