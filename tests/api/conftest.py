"""An installation with two people in it, of whom Ann has calendars."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.api.people import ENVIRONMENT, Client, person
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

ANN = "ann@example.test"
BEN = "ben@example.test"


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator) -> Iterator[Rig]:
    """An installation with Ann and Ben in it, not yet connected, whose API is open."""
    google.add_person(ANN, "Ann")
    google.add_person(BEN, "Ben")
    with Rig(database_url, google, **ENVIRONMENT) as installation:
        yield installation


@pytest.fixture
def ann_id(rig: Rig) -> UUID:
    """Ann, connected and synced."""
    rig.settled(ANN)
    (account,) = rig.rows("calendar_accounts")
    user_id: UUID = account["user_id"]
    return user_id


@pytest.fixture
def ann(rig: Rig, ann_id: UUID) -> Client:
    """Ann, signed in."""
    return person(rig, ann_id)
