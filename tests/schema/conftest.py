"""Databases like an empty Supabase project, and two that are migrated."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from shared.db.migrate import migrate
from tests.support import postgres

SUPABASE_LIKE = Path(postgres.__file__).with_name("supabase_like.sql")
MakeProject = Callable[[], str]


@pytest.fixture(scope="package")
def make_project(postgres_server_url: str, database_name: str) -> Iterator[MakeProject]:
    """Makes databases like an empty Supabase project; answers their owner's URL."""
    names = (f"{database_name}_project_{number}" for number in count(1))
    with ExitStack() as made:

        def make() -> str:
            url = made.enter_context(postgres.database(postgres_server_url, next(names)))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(SUPABASE_LIKE.read_bytes())
            parts = urlsplit(url)
            address = parts.netloc.rpartition("@")[2]
            return parts._replace(netloc=f"calsync_test_owner:calsync@{address}").geturl()

        yield make


@pytest.fixture(scope="package")
def project_url(make_project: MakeProject) -> str:
    """A migrated Supabase project, as its owner, who is no superuser; leave no rows there."""
    url = make_project()
    migrate(url)
    return url


@pytest.fixture(scope="package")
def plain_url(postgres_server_url: str, database_name: str) -> Iterator[str]:
    """A migrated plain Postgres, as superuser; leave no rows there."""
    with postgres.database(postgres_server_url, f"{database_name}_plain") as url:
        migrate(url)
        yield url


@pytest.fixture(scope="module")
def peopled_url(make_project: MakeProject, postgres_server_url: str) -> str:
    """A project with rows of two people everywhere, as superuser."""
    project = make_project()
    migrate(project)
    url = urlsplit(postgres_server_url)._replace(path=urlsplit(project).path).geturl()
    with psycopg.connect(url) as connection:
        connection.execute(Path(__file__).with_name("two_people.sql").read_bytes())
    return url
