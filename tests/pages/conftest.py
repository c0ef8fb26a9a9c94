"""An installation with its sign-in, whose pages are open."""

from collections.abc import Iterator

import pytest

from tests.pages.visitor import Visitor
from tests.support.google_emulator import GoogleEmulator
from tests.support.rest_emulator import DEFAULT_SECRET, RestThread
from tests.support.rig import Rig

ANN, BEN = "ann@example.test", "ben@example.test"
PASSWORD = "correct horse battery"


@pytest.fixture
def auth(database_url: str) -> Iterator[RestThread]:
    """The stand-in for Supabase Auth."""
    with RestThread(database_url) as running:
        yield running


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, auth: RestThread) -> Iterator[Rig]:
    """Ann and Ben have Google accounts, not yet connected."""
    for email in (ANN, BEN):
        google.add_person(email)
    more = {
        "SUPABASE_URL": auth.url,
        "SUPABASE_ANON_KEY": auth.key("anon"),
        "SUPABASE_JWT_SECRET": DEFAULT_SECRET,
        "GOOGLE_USERINFO_URL": f"{google.url}/oauth2/v3/userinfo",
        "CALDAV_NETWORKS": "any",
    }
    with Rig(database_url, google, **more) as installation:
        yield installation


@pytest.fixture
def visitor(rig: Rig) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    with Visitor(rig.url) as somebody:
        yield somebody


@pytest.fixture
def ann(rig: Rig, visitor: Visitor) -> Visitor:
    """Ann, signed in; her Google account is connected and read."""
    visitor.sign_up(ANN, PASSWORD)
    rig.settled(ANN)
    return visitor
