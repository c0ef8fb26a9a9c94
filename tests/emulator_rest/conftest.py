"""One stand-in over one scratch database for all these tests; each starts with the same rows."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support import postgres
from tests.support.rest_emulator import RestEmulator

ANNA = "00000000-0000-4000-8000-00000000000a"
BERT = "00000000-0000-4000-8000-00000000000b"
SECRET_KEY = "sb_secret_of-the-tests"
_ROWS = """
TRUNCATE people, notes, journal, seats, keepsakes, logs, private.vault RESTART IDENTITY;
INSERT INTO people VALUES (1, 'Anna'), (2, 'Bert'), (3, 'Zoë');
INSERT INTO notes (id, owner, person, title, stars, tags, data, done) VALUES
    (1, %(anna)s, 1, 'Buy milk', 3, '{shop,daily}', '{"a": {"b": [1, 2]}, "n": 5}', true),
    (2, %(anna)s, 1, 'Call, (Bert) "today"', 5, '{phone}', '{"n": 7}', false),
    (3, %(bert)s, 2, 'Réunion 50%%', NULL, '{}', '{}', NULL);
INSERT INTO keepsakes VALUES (1, 'a ring');
INSERT INTO private.vault VALUES (1, 'gold');
"""


@pytest.fixture(scope="session")
def scratch_url(postgres_server_url: str, _template: str, database_name: str) -> Iterator[str]:
    """A database with nothing of ours; who makes the template makes the roles of the server."""
    with postgres.database(postgres_server_url, database_name) as url:
        with psycopg.connect(url) as connection:
            connection.execute((Path(__file__).parent / "scratch.sql").read_bytes())
        yield url


@pytest.fixture(scope="session")
def served(scratch_url: str) -> Iterator[RestEmulator]:
    with RestEmulator(scratch_url, SUPABASE_SERVICE_ROLE_KEY=SECRET_KEY) as emulator:
        yield emulator


@pytest.fixture
def rest(served: RestEmulator, scratch_url: str) -> RestEmulator:
    """The stand-in, over the rows that every test starts from."""
    with psycopg.connect(scratch_url) as connection, psycopg.ClientCursor(connection) as cursor:
        cursor.execute(_ROWS, {"anna": ANNA, "bert": BERT})
    return served


def client(rest: RestEmulator, key: str | None) -> httpx.Client:
    headers = {"apikey": key, "Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=f"{rest.url}/rest/v1", headers=headers, timeout=10)


@pytest.fixture
def service(rest: RestEmulator) -> Iterator[httpx.Client]:
    with client(rest, rest.key("service_role")) as opened:
        yield opened


@pytest.fixture
def anna(rest: RestEmulator) -> Iterator[httpx.Client]:
    with client(rest, rest.key("authenticated", ANNA)) as opened:
        yield opened


@pytest.fixture
def anonymous(rest: RestEmulator) -> Iterator[httpx.Client]:
    with client(rest, None) as opened:
        yield opened
