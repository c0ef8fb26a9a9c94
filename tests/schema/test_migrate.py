"""`calsync migrate` on an empty server, twice, at once, after a failure, or refusing."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from shared.db.build import MIGRATION, REPOSITORY
from shared.db.migrate import migrate, migrations, refuse_old_postgres
from shared.errors import ConfigurationError, DatabaseUnavailable, Refused
from tests.support.schema_dump import OURS, dump

VERSIONS = [migration.version for migration in migrations()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of our SQL to change."""
    shutil.copytree(REPOSITORY / "sql", tmp_path / "sql")
    shutil.copytree(REPOSITORY / "supabase", tmp_path / "supabase")
    return tmp_path


def add(root: Path, name: str, script: str) -> None:
    (root / "supabase" / "migrations" / name).write_text(script, encoding="utf-8")


def test_an_empty_server_is_brought_up_to_date(empty_database_url: str, database_url: str) -> None:
    steps: list[str] = []

    assert migrate(empty_database_url, steps.append) == VERSIONS
    assert steps == ["what Supabase brings", MIGRATION.name]
    assert dump(empty_database_url, OURS) == dump(database_url, OURS)


def test_the_second_time_nothing_is_left_to_do(empty_database_url: str) -> None:
    migrate(empty_database_url)
    before = dump(empty_database_url)

    assert migrate(empty_database_url) == []
    assert dump(empty_database_url) == before


def test_two_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(migrate, [empty_database_url] * 4))

    assert sorted(version for versions in applied for version in versions) == VERSIONS


def test_later_migrations_follow_in_order(empty_database_url: str, root: Path) -> None:
    migrate(empty_database_url, root=root)
    add(root, "20270102000000_second.sql", "alter table public.first add column b integer;")
    add(root, "20270101000000_first.sql", "create table public.first (a integer); -- ; no end")

    assert migrate(empty_database_url, root=root) == ["20270101000000", "20270102000000"]


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url: str, root: Path) -> None:
    add(root, "20270101000000_good.sql", "create table public.good (a integer);")
    add(
        root,
        "20270102000000_bad.sql",
        "create table public.half (a integer);\n\nselect no_such_column from public.half;\n",
    )

    with pytest.raises(Refused, match=r'^20270102000000_bad\.sql line 3: column "no_such_column"'):
        migrate(empty_database_url, root=root)

    with psycopg.connect(empty_database_url) as connection:
        [(good, half)] = connection.execute(
            "select to_regclass('public.good') is not null, to_regclass('public.half') is not null"
        )
    assert (good, half) == (True, False)
    add(root, "20270102000000_bad.sql", "create table public.half (a integer);")
    assert migrate(empty_database_url, root=root) == ["20270102000000"]


def test_a_database_newer_than_the_code_is_refused(empty_database_url: str, root: Path) -> None:
    add(root, "20270101000000_later.sql", "create table public.later (a integer);")
    migrate(empty_database_url, root=root)

    with pytest.raises(Refused, match=r"newer than this CalSync.*20270101000000.*Update CalSync"):
        migrate(empty_database_url)


def test_missing_files_are_named(empty_database_url: str, root: Path) -> None:
    (root / "sql" / "migrate" / "lock.sql").unlink()
    with pytest.raises(ConfigurationError, match=r"lock\.sql is missing: run CalSync from a ch"):
        migrate(empty_database_url, root=root)

    shutil.rmtree(root / "supabase")
    with pytest.raises(ConfigurationError, match=r"No migrations in .*run CalSync from a checkout"):
        migrate(empty_database_url, root=root)


def test_nobody_listens() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        migrate("postgresql://postgres@127.0.0.1:1/x?connect_timeout=2")


def test_old_servers_are_refused() -> None:
    refuse_old_postgres(150000)

    with pytest.raises(Refused, match=r"^Postgres 15 or newer is needed; .* version 14\.11$"):
        refuse_old_postgres(140011)
