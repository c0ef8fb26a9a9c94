"""An installation beside the Microsoft emulator, with Ann in it."""

from collections.abc import Iterator

import pytest

from tests.flow.microsoft.outlook import ANN, NOW
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig


@pytest.fixture
def rig(
    database_url: str, google: GoogleEmulator, microsoft_process: MicrosoftEmulator
) -> Iterator[Rig]:
    """On a clock that stands still; Ann is not connected yet."""
    microsoft_process.reset()
    microsoft_process.add_person(ANN, "Ann", "Europe/Berlin")
    with Rig(database_url, google, microsoft_process) as installation:
        installation.at(NOW)
        yield installation
