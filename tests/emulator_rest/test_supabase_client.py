"""The real `supabase` client against the stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from postgrest import CountMethod
from postgrest.exceptions import APIError
from supabase import Client, ClientOptions, create_client

from tests.emulator_rest.conftest import ANNA
from tests.support.rest_emulator import RestEmulator


@contextmanager
def connected(rest: RestEmulator, key: str) -> Iterator[Client]:
    with httpx.Client(timeout=10) as http:
        yield create_client(rest.url, key, ClientOptions(httpx_client=http))


@pytest.fixture
def supabase(rest: RestEmulator) -> Iterator[Client]:
    with connected(rest, rest.key("service_role")) as client:
        yield client


def test_select_filter_order_limit(supabase: Client) -> None:
    answer = (
        supabase.table("notes")
        .select("id, title", count=CountMethod.exact)
        .or_("stars.gt.2,stars.is.null")
        .neq("id", 3)
        .order("stars", desc=True)
        .limit(1)
        .execute()
    )
    assert answer.data == [{"id": 2, "title": 'Call, (Bert) "today"'}]
    assert answer.count == 2


def test_range_and_single(supabase: Client) -> None:
    page = supabase.table("people").select("*").order("id").range(1, 2).execute()
    assert [row["id"] for row in page.data] == [2, 3]
    assert supabase.table("people").select("name").eq("id", 1).single().execute().data == {
        "name": "Anna"
    }
    nobody = supabase.table("people").select("*").eq("id", 99).maybe_single().execute()
    assert nobody is None


def test_containment_and_lists(supabase: Client) -> None:
    table = supabase.table("notes")
    assert len(table.select("id").contains("tags", ["shop"]).execute().data) == 1
    assert len(supabase.table("notes").select("id").in_("id", [1, 3]).execute().data) == 2


def test_insert_upsert_update_delete(supabase: Client) -> None:
    people = supabase.table("people")
    assert people.insert({"id": 4, "name": "Dora"}).execute().data == [{"id": 4, "name": "Dora"}]
    assert people.upsert({"id": 4, "name": "Dorothea"}).execute().data[0]["name"] == "Dorothea"
    assert people.update({"name": "D."}).eq("id", 4).execute().data == [{"id": 4, "name": "D."}]
    assert people.delete().eq("id", 4).execute().data == [{"id": 4, "name": "D."}]


def test_rpc(supabase: Client) -> None:
    assert supabase.rpc("add_up", {"a": 1, "b": 2}).execute().data == 3
    assert supabase.rpc("notes_of", {"name": "Bert"}).execute().data[0]["id"] == 3
    assert supabase.rpc("write_line", {"line": "x"}).execute().data in (None, [], "")


def test_errors_arrive_with_their_code(supabase: Client) -> None:
    with pytest.raises(APIError) as refused:
        supabase.rpc("refuse", {"state": "CS001", "message": "lease lost"}).execute()
    assert (refused.value.code, refused.value.message) == ("CS001", "lease lost")
    with pytest.raises(APIError) as missing:
        supabase.table("nothing").select("*").execute()
    assert missing.value.code == "PGRST205"


def test_a_person_sees_their_own_rows(rest: RestEmulator) -> None:
    with connected(rest, rest.key("anon")) as person:
        person.postgrest.auth(rest.key("authenticated", ANNA))
        assert len(person.table("notes").select("id").execute().data) == 2
