"""What each role sees of two people's rows, in every table and view, on a Supabase project."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.schema.matrix import ANN, BEN, FOR_WORKERS

#: State of the installation, not of people.
NOBODYS = {"due_summary", "provider_circuits", "limits", "installation"}


@pytest.fixture
def connection(peopled_url: str) -> Iterator[psycopg.Connection]:
    """That project; nothing that a test does there is kept."""
    with psycopg.connect(peopled_url) as opened:
        yield opened
        opened.rollback()


def become(connection: psycopg.Connection, role: str, person: str | None = None) -> None:
    """What PostgREST does at the start of a request."""
    claims = json.dumps({"role": role, **({"sub": person} if person else {})})
    connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))


def relations(connection: psycopg.Connection, schema: str = "public") -> list[str]:
    rows = connection.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace"
        " and relkind in ('r', 'p', 'v') order by relname",
        (schema,),
    )
    return [name for (name,) in rows]


def people_in(connection: psycopg.Connection, name: str, schema: str = "public") -> dict[str, int]:
    """Whose rows are seen, and how many of each."""
    query = sql.SQL("select user_id::text, count(*) from {} group by user_id")
    return dict(connection.execute(query.format(sql.Identifier(schema, name))).fetchall())


def refused(connection: psycopg.Connection, name: str, schema: str = "public") -> bool:
    """Whether reading is refused (not merely empty)."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("select from {}").format(sql.Identifier(schema, name)))
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_both_people_are_everywhere(connection: psycopg.Connection) -> None:
    """Else the tests below would prove little: a new table needs rows in two_people.sql."""
    for name in set(relations(connection)) - {"due_summary"}:
        rows = people_in(connection, name)
        assert rows.keys() == {ANN, BEN}, name
        assert rows[ANN] == rows[BEN], name


@pytest.mark.parametrize("person", [ANN, BEN])
def test_people_see_exactly_their_own_rows(connection: psycopg.Connection, person: str) -> None:
    open_to_people = sorted(set(relations(connection)) - FOR_WORKERS)
    expected = {name: people_in(connection, name)[person] for name in open_to_people}

    become(connection, "authenticated", person)

    seen = {name: people_in(connection, name) for name in open_to_people}
    assert seen == {name: {person: rows} for name, rows in expected.items()}


@pytest.mark.parametrize("claims", ["", "{}", '{"role": "authenticated"}'])
def test_a_token_without_a_person_sees_nothing(connection: psycopg.Connection, claims: str) -> None:
    connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
    connection.execute("set local role authenticated")

    for name in set(relations(connection)) - FOR_WORKERS:
        assert people_in(connection, name) == {}, name


def test_what_is_for_workers_is_for_workers_only(connection: psycopg.Connection) -> None:
    become(connection, "authenticated", ANN)

    assert {name for name in relations(connection) if refused(connection, name)} == FOR_WORKERS


def test_anonymous_callers_may_read_nothing(connection: psycopg.Connection) -> None:
    become(connection, "anon")

    assert [name for name in relations(connection) if not refused(connection, name)] == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_nobody_enters_the_private_schema(connection: psycopg.Connection, role: str) -> None:
    private = relations(connection, "calsync_private")
    become(connection, role, ANN)

    assert "account_credentials" in private
    assert [name for name in private if not refused(connection, name, "calsync_private")] == []


def test_the_service_role_reads_everything_but_credentials(connection: psycopg.Connection) -> None:
    become(connection, "service_role")

    assert [name for name in relations(connection) if refused(connection, name)] == []
    assert people_in(connection, "calendars").keys() == {ANN, BEN}
    assert refused(connection, "account_credentials", "calsync_private")


def test_a_person_can_write_nothing(connection: psycopg.Connection) -> None:
    become(connection, "authenticated", ANN)

    for statement in (
        "update public.calendars set name = 'mine'",
        "delete from public.calendars",
        "truncate public.calendars cascade",
        "insert into public.calendars select * from public.calendars",
        f"select public.reset_calendar('{ANN}', '{ANN}')",
        f"select public.sealed_credentials('{ANN}', '{ANN}')",
        f"select public.store_credentials('{ANN}', '{ANN}', 'gAAAA')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement.encode())


@pytest.mark.parametrize("claimed", ["service_role", "postgres", "calsync_test_owner"])
def test_a_claimed_role_means_nothing(connection: psycopg.Connection, claimed: str) -> None:
    claims = json.dumps({"sub": ANN, "role": claimed, "app_metadata": {"role": claimed}})
    connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
    connection.execute("set local role authenticated")

    assert people_in(connection, "calendars").keys() == {ANN}


def test_a_person_removed_in_supabase_auth_is_gone(connection: psycopg.Connection) -> None:
    """GoTrue deletes with a role that has no rights on our tables."""
    connection.execute("set local role supabase_auth_admin")
    connection.execute("delete from auth.users where id = %s", (ANN,))
    connection.execute("reset role")

    left: dict[str, Any] = {
        name: people_in(connection, name, schema)
        for schema in ("public", "calsync_private")
        for name in set(relations(connection, schema)) - NOBODYS
    }
    assert {name for name, people in left.items() if people.keys() != {BEN}} == set()
