"""One database for the conformance suite, and both transports over it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.db.database import Database
from shared.db.direct import DirectDatabase
from shared.db.rest import RestDatabase
from tests.database import max_rows
from tests.support import postgres
from tests.support.rest_emulator import RestEmulator


@pytest.fixture(scope="package")
def conformance_url(postgres_server_url: str, _template: str, database_name: str) -> Iterator[str]:
    """A migrated database with the objects of `conformance.sql`."""
    name = f"{database_name}_conformance"
    with postgres.database(postgres_server_url, name, _template) as url:
        with psycopg.connect(url) as connection:
            connection.execute(Path(__file__).with_name("conformance.sql").read_bytes())
        yield url


@pytest.fixture(scope="package")
def rest_server(conformance_url: str) -> Iterator[RestEmulator]:
    """The stand-in for PostgREST over that database."""
    with RestEmulator(conformance_url) as server:
        yield server


@pytest.fixture(scope="package")
def rest_of_short_answers(
    conformance_url: str, rest_server: RestEmulator
) -> Iterator[RestDatabase]:
    """The REST transport against a server that cuts every answer off after 300 rows."""
    with max_rows.serving(conformance_url, 300) as url:
        database = RestDatabase(url, rest_server.key("service_role"))
        yield database
        database.close()


@pytest.fixture(scope="package")
def direct(conformance_url: str) -> Iterator[DirectDatabase]:
    """The direct transport."""
    database = DirectDatabase(conformance_url)
    yield database
    database.close()


@pytest.fixture(scope="package")
def rest(rest_server: RestEmulator) -> Iterator[RestDatabase]:
    """The REST transport, as the service role."""
    database = RestDatabase(rest_server.url, rest_server.key("service_role"))
    yield database
    database.close()


@pytest.fixture(params=["direct", "rest", "rest_of_short_answers"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each transport in turn."""
    transport: Database = request.getfixturevalue(request.param)
    return transport
