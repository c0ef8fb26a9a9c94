"""The real Supabase CLI and `calsync migrate` make the same database, and follow each other."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from shared.db.build import REPOSITORY
from shared.db.migrate import migrate
from tests.schema.conftest import MakeProject
from tests.support import supabase_cli
from tests.support.schema_dump import dump
from tests.support.supabase_cli import SupabaseCli

HIDDEN_SEMICOLONS = """
-- a comment; with a semicolon
create table public.a ("b;c" text default 'it''s; here');;
/* a block; of comment */
insert into public.a values ('x;'), (E'back\\\\slash; it\\'s;'), ('tail\\');
create function public.f() returns text language plpgsql set search_path = '' as $body$
begin
  -- don't stop; here
  return $inner$;$inner$ || ';';
end
$body$;
comment on table public.a is 'last; without an end'
"""


@pytest.fixture
def cli(tmp_path: Path) -> SupabaseCli:
    """The CLI beside a copy of our `supabase/` folder."""
    return supabase_cli.installed(tmp_path)


def recorded(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select version, name, statements from supabase_migrations.schema_migrations"
        ).fetchall()


def test_both_make_the_same_database(cli: SupabaseCli, make_project: MakeProject) -> None:
    pushed, migrated = make_project(), make_project()

    cli.run("db", "push", f"--remote={pushed}")
    migrate(migrated)

    assert dump(migrated) == dump(pushed)
    assert recorded(migrated) == recorded(pushed)


def test_both_record_the_same_statements(
    cli: SupabaseCli, make_project: MakeProject, tmp_path: Path
) -> None:
    """However semicolons hide in a script."""
    pushed, migrated = make_project(), make_project()
    script = cli.home / "supabase" / "migrations" / "20270101000000_hidden_semicolons.sql"
    script.write_text(HIDDEN_SEMICOLONS, encoding="utf-8")
    shutil.copytree(REPOSITORY / "sql", tmp_path / "sql")

    cli.run("db", "push", f"--remote={pushed}")
    migrate(migrated, root=tmp_path)

    assert len(recorded(migrated)) == 2
    assert recorded(migrated) == recorded(pushed)


def test_push_finds_nothing_to_do_after_migrate(
    cli: SupabaseCli, make_project: MakeProject
) -> None:
    project = make_project()
    migrate(project)

    assert "up to date" in cli.run("db", "push", f"--remote={project}")


def test_migrate_finds_nothing_to_do_after_push(
    cli: SupabaseCli, make_project: MakeProject
) -> None:
    project = make_project()
    cli.run("db", "push", f"--remote={project}")
    before = dump(project)

    assert migrate(project) == []
    assert dump(project) == before


def test_advisors_find_nothing_that_is_not_explained(
    cli: SupabaseCli, make_project: MakeProject
) -> None:
    project = make_project()
    migrate(project)
    told = cli.run("db", "advisors", f"--remote={project}", "--level=info", "--output-format=json")
    results = json.loads(next(line for line in told.splitlines() if line.startswith("{")))[
        "results"
    ]

    found = {finding["name"] for finding in results}
    assert found == explained()
    assert [finding for finding in results if finding["level"] != "INFO"] == []


def explained() -> set[str]:
    page = (REPOSITORY / "docs" / "advisors.md").read_text(encoding="utf-8")
    return set(re.findall(r"^## `(\w+)`", page, re.MULTILINE))


def test_lint_finds_nothing(
    cli: SupabaseCli, make_project: MakeProject, postgres_server_url: str
) -> None:
    project = make_project()
    migrate(project)
    enable_plpgsql_check(
        urlsplit(postgres_server_url)._replace(path=urlsplit(project).path).geturl()
    )

    told = cli.run("db", "lint", f"--remote={project}", "--level=warning", "--fail-on=warning")

    assert "No schema errors found" in told


def enable_plpgsql_check(superuser_url: str) -> None:
    """What the CLI does itself on Supabase, where `postgres` may create this extension."""
    try:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("create extension plpgsql_check")
    except psycopg.errors.FeatureNotSupported as error:
        pytest.skip(f"`supabase db lint` needs plpgsql_check: {error.diag.message_primary}")
