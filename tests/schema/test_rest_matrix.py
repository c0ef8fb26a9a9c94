"""Who may do what over REST: every table, view and function of the catalogue, for everybody.

The same over the management API is in `tests/api/test_permissions.py`.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.schema.matrix import (
    ANN,
    BEN,
    CALLED_BY_PEOPLE,
    FOR_PEOPLE,
    FOR_WORKERS,
    WRITTEN_BY_PEOPLE,
)
from tests.support.rest_emulator import RestEmulator

RELATIONS = """
select relname, relkind = 'v' from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
"""
# Functions that answer triggers are not offered over REST.
FUNCTIONS = """
select proname, coalesce(proargnames[:pronargs], '{}') from pg_proc
where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype order by proname
"""
# No privilege; or a view that nobody can write, whatever their privileges (PostgREST answers 500).
REFUSED = {"42501", "55000"}
# The one view about nobody has no rows of Ben to write.
NOBODYS = {"due_summary"}
BENS = {"user_id": f"eq.{BEN}"}
TEA = {
    "user_id": BEN,
    "calendar_id": "00000000-0000-4000-8000-0000000b0001",
    "summary": "Tea",
    "start_at": "2026-11-24T09:00:00Z",
    "end_at": "2026-11-24T10:00:00Z",
}


@pytest.fixture(scope="module")
def rest(peopled_url: str) -> Iterator[RestEmulator]:
    """The stand-in for PostgREST over two people's rows."""
    with RestEmulator(peopled_url) as running:
        yield running


@pytest.fixture(scope="module")
def superuser(peopled_url: str) -> Iterator[psycopg.Connection]:
    """Sees everything."""
    with closing(psycopg.connect(peopled_url, autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def relations(superuser: psycopg.Connection) -> dict[str, bool]:
    """The tables and views, and whether each is a view."""
    return dict(superuser.execute(RELATIONS).fetchall())


@pytest.fixture(scope="module")
def functions(superuser: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """The functions, with the names of their arguments."""
    return superuser.execute(FUNCTIONS).fetchall()


@pytest.fixture
def nobody(rest: RestEmulator) -> Iterator[httpx.Client]:
    """Somebody with the key that every web page of a project holds."""
    with _client(rest, rest.key("anon")) as client:
        yield client


@pytest.fixture
def ann(rest: RestEmulator) -> Iterator[httpx.Client]:
    """Ann, who is signed in."""
    with _client(rest, rest.key("authenticated", ANN)) as client:
        yield client


@pytest.fixture
def service(rest: RestEmulator) -> Iterator[httpx.Client]:
    """The service role."""
    with _client(rest, rest.key("service_role")) as client:
        yield client


def _client(rest: RestEmulator, key: str) -> httpx.Client:
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=f"{rest.url}/rest/v1", headers=headers, timeout=30)


def _everything(superuser: psycopg.Connection, relations: dict[str, bool]) -> dict[str, Any]:
    """Every row of every table."""
    query = sql.SQL("select jsonb_agg(to_jsonb(t) order by to_jsonb(t)) from public.{} t")
    tables = [name for name, is_view in relations.items() if not is_view]
    return {n: superuser.execute(query.format(sql.Identifier(n))).fetchone() for n in tables}


def _writes(client: httpx.Client, name: str) -> dict[str, httpx.Response]:
    """The answers to all that somebody may try with Ben's rows."""
    is_offered = name in WRITTEN_BY_PEOPLE
    change = {"summary": "Mine"} if is_offered else {"user_id": ANN}
    shown = {"Prefer": "return=representation"}
    return {
        "POST": client.post(f"/{name}", json=TEA if is_offered else {"user_id": BEN}),
        "PATCH": client.patch(f"/{name}", params=BENS, json=change, headers=shown),
        "DELETE": client.delete(f"/{name}", params=BENS, headers=shown),
    }


def test_every_table_and_view_has_a_line(relations: dict[str, bool]) -> None:
    assert set(relations) == FOR_PEOPLE | FOR_WORKERS


def test_everything_that_is_called_by_people_is_there(
    functions: list[tuple[str, list[str]]],
) -> None:
    assert {name for name, _ in functions} > CALLED_BY_PEOPLE


def test_nobody_reads_or_writes_anything(
    nobody: httpx.Client, relations: dict[str, bool], superuser: psycopg.Connection
) -> None:
    before = _everything(superuser, relations)
    for name in relations:
        read = nobody.get(f"/{name}")
        assert (read.status_code, read.json()["code"]) == (401, "42501"), name
    for name in set(relations) - NOBODYS:
        codes = {verb: answer.json()["code"] for verb, answer in _writes(nobody, name).items()}
        assert set(codes.values()) <= REFUSED, (name, codes)
    assert _everything(superuser, relations) == before


def test_a_person_reads_their_own_rows(ann: httpx.Client, relations: dict[str, bool]) -> None:
    for name in relations:
        answer = ann.get(f"/{name}")
        if name in FOR_WORKERS:
            assert (answer.status_code, answer.json()["code"]) == (403, "42501"), name
        else:
            assert {row["user_id"] for row in answer.json()} == {ANN}, name
            assert ann.get(f"/{name}", params=BENS).json() == [], name


def test_a_person_writes_nothing_of_others(
    ann: httpx.Client, relations: dict[str, bool], superuser: psycopg.Connection
) -> None:
    before = _everything(superuser, relations)
    for name in set(relations) - NOBODYS:
        answers = _writes(ann, name)
        if name in WRITTEN_BY_PEOPLE:
            # The trigger is before the policy, and tells of no calendar that she cannot see.
            assert answers["POST"].json()["code"] == "CS002"
            assert [answers[verb].json() for verb in ("PATCH", "DELETE")] == [[], []]
        else:
            codes = {verb: answer.json()["code"] for verb, answer in answers.items()}
            assert set(codes.values()) <= REFUSED, (name, codes)
    assert _everything(superuser, relations) == before


def test_functions_are_for_the_service_role(
    nobody: httpx.Client, ann: httpx.Client, functions: list[tuple[str, list[str]]]
) -> None:
    for name, arguments in functions:
        body = dict.fromkeys(arguments)
        answers = [client.post(f"/rpc/{name}", json=body) for client in (nobody, ann)]
        expected = [401, 200 if name in CALLED_BY_PEOPLE else 403]
        assert [answer.status_code for answer in answers] == expected, (name, answers[1].text)


def test_the_service_role_reads_everybodys_rows(
    service: httpx.Client, relations: dict[str, bool]
) -> None:
    for name in set(relations) - NOBODYS:
        rows = service.get(f"/{name}").json()
        assert {row["user_id"] for row in rows} == {ANN, BEN}, name
    assert len(service.get("/due_summary").json()) == 1


def test_the_service_role_may_call_every_function(
    service: httpx.Client, functions: list[tuple[str, list[str]]]
) -> None:
    """Last: with nothing to go by they answer what they like, but none says that it may not."""
    for name, arguments in functions:
        answer = service.post(f"/rpc/{name}", json=dict.fromkeys(arguments))
        assert answer.status_code not in (401, 403, 404), (name, answer.text)
