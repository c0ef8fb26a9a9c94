"""Rules that the whole schema keeps: each file of `rules/` selects what breaks its rule.

A file's second line is a statement that breaks the rule, so that each rule is seen to work.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

RULES = sorted((Path(__file__).parent / "rules").glob("*.sql"))
_BROKEN_BY = "-- Broken by: "


@pytest.fixture(params=["plain_url", "project_url"])
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """A migrated plain Postgres, then a migrated Supabase project; nothing is kept."""
    with psycopg.connect(request.getfixturevalue(request.param)) as opened:
        yield opened
        opened.rollback()


def offenders(connection: psycopg.Connection, rule: Path) -> list[str]:
    return [name for (name,) in connection.execute(rule.read_bytes())]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.stem)
def test_the_schema_keeps(connection: psycopg.Connection, rule: Path) -> None:
    assert offenders(connection, rule) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.stem)
def test_a_breach_is_seen(connection: psycopg.Connection, rule: Path) -> None:
    [breach] = [
        line.removeprefix(_BROKEN_BY)
        for line in rule.read_text(encoding="utf-8").splitlines()
        if line.startswith(_BROKEN_BY)
    ]
    connection.execute(breach.encode())

    assert len(offenders(connection, rule)) >= 1
