"""A proxy that can lie, in front of the real Radicale."""

from collections.abc import Iterator

import pytest

from tests.providers.caldav.conftest import Follower, SignIn
from tests.support.caldav_servers import ANN, PASSWORD, Radicale
from tests.support.lying_proxy import LyingProxy


@pytest.fixture
def proxy(radicale: Radicale) -> Iterator[LyingProxy]:
    with LyingProxy(radicale.url) as running:
        yield running


@pytest.fixture
def calendar(radicale: Radicale) -> str:
    return radicale.add_calendar("work")


@pytest.fixture
def ann(proxy: LyingProxy, calendar: str, sign_in: SignIn) -> Follower:
    """Ann's account behind the proxy."""
    known = {"url": proxy.url, "username": ANN, "password": PASSWORD}
    return Follower(sign_in(credentials=known), calendar)
