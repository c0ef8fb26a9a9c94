"""Flow tests: one emulator process a session, one database and one installation a test."""

from collections.abc import Iterator

import pytest

from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig


@pytest.fixture(scope="session")
def google_process() -> Iterator[GoogleEmulator]:
    """The emulator."""
    with GoogleEmulator() as emulator:
        yield emulator


@pytest.fixture
def google(google_process: GoogleEmulator) -> GoogleEmulator:
    """The emulator with an empty world."""
    google_process.reset()
    return google_process


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator) -> Iterator[Rig]:
    """An installation with Ann in it, not yet connected."""
    google.add_person("ann@example.test", "Ann")
    with Rig(database_url, google) as installation:
        yield installation
