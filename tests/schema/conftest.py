"""Databases like an empty Supabase project."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support import postgres

SUPABASE_LIKE = Path(postgres.__file__).with_name("supabase_like.sql")


@pytest.fixture
def make_project(postgres_server_url: str, database_url: str) -> Iterator[Callable[[], str]]:
    """Makes databases like an empty Supabase project; answers their owner's URL."""
    base = urlsplit(database_url).path.removeprefix("/")
    numbers = count(1)
    with ExitStack() as made:

        def make() -> str:
            url = made.enter_context(
                postgres.database(postgres_server_url, f"{base}_{next(numbers)}")
            )
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(SUPABASE_LIKE.read_bytes())
            parts = urlsplit(url)
            address = parts.netloc.rpartition("@")[2]
            return parts._replace(netloc=f"calsync_test_owner:calsync@{address}").geturl()

        yield make
