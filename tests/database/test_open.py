"""Which transport the settings choose, and what happens when nobody answers."""

import socket
from collections.abc import Iterator

import pytest

from shared.config import read_settings
from shared.db.direct import DirectDatabase
from shared.db.open import open_database
from shared.db.rest import RestDatabase
from shared.errors import ConfigurationError, DatabaseUnavailable
from tests.support.rest_emulator import RestEmulator


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that refuses connections while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_the_database_url_wins(conformance_url: str, rest_server: RestEmulator) -> None:
    database = open_database(
        read_settings(
            {
                "DATABASE_URL": conformance_url,
                "SUPABASE_URL": rest_server.url,
                "SUPABASE_SERVICE_ROLE_KEY": rest_server.key("service_role"),
            }
        )
    )

    assert isinstance(database, DirectDatabase)
    assert len(database.call("some_things", count=2)) == 2
    database.close()


def test_a_project_url_and_key_do_as_well(rest_server: RestEmulator) -> None:
    database = open_database(
        read_settings(
            {
                "SUPABASE_URL": rest_server.url,
                "SUPABASE_SERVICE_ROLE_KEY": rest_server.key("service_role"),
            }
        )
    )

    assert isinstance(database, RestDatabase)
    assert len(database.call("some_things", count=2)) == 2
    database.close()


@pytest.mark.parametrize("environment", [{}, {"SUPABASE_URL": "https://x.example"}])
def test_neither_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL.*SUPABASE_SERVICE_ROLE_KEY"):
        open_database(read_settings(environment))


def test_nobody_listens_for_the_direct_transport(nobody: str) -> None:
    database = DirectDatabase(f"postgresql://postgres@{nobody}/x", connect_timeout=0.3)

    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        database.call("calsync_now")
    database.close()


def test_nobody_listens_for_the_rest_transport(nobody: str) -> None:
    database = RestDatabase(f"http://{nobody}", "a.b.c", timeout=1)

    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        database.call("calsync_now")
    database.close()
