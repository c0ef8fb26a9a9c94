"""POST, PATCH and DELETE: what is changed, what is refused, what is answered."""

import httpx
import pytest

from tests.emulator_rest.conftest import ANNA

SHOW = {"Prefer": "return=representation"}


def people(service: httpx.Client) -> list[tuple[int, str]]:
    rows = service.get("/people", params={"order": "id"}).json()
    return [(row["id"], row["name"]) for row in rows]


def test_an_insert_says_nothing_unless_asked(service: httpx.Client) -> None:
    response = service.post("/people", json={"id": 4, "name": "Dora"})
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["Content-Range"] == "*/*"
    assert people(service)[-1] == (4, "Dora")


def test_an_insert_shows_the_selected_columns(service: httpx.Client) -> None:
    response = service.post(
        "/notes",
        json=[{"id": 8, "owner": ANNA}, {"id": 9, "owner": ANNA}],
        headers={"Prefer": "return=representation, count=exact"},
        params={"select": "id,called:title", "order": "id.desc"},
    )
    assert response.status_code == 201
    assert response.json() == [{"id": 9, "called": "untitled"}, {"id": 8, "called": "untitled"}]
    assert response.headers["Content-Range"] == "*/2"
    assert response.headers["Preference-Applied"] == "return=representation, count=exact"


def test_an_insert_may_answer_where_the_row_is(service: httpx.Client) -> None:
    response = service.post("/journal", json={}, headers={"Prefer": "return=headers-only"})
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["Location"] == "/journal?number=eq.1"
    assert service.get("/journal").json() == [{"number": 1, "line": "a % sign"}]


def test_the_place_of_a_row_with_two_keys(service: httpx.Client) -> None:
    response = service.post(
        "/seats",
        json={"hall": "a&b=c", "number": 2},
        headers={"Prefer": "return=headers-only"},
        params={"select": "hall,number"},
    )
    location = response.headers["Location"]
    assert location == "/seats?hall=eq.a%26b%3Dc&number=eq.2"
    assert service.get(location).json() == [{"hall": "a&b=c", "number": 2, "holder": None}]


def test_an_upsert_on_two_columns(service: httpx.Client) -> None:
    for number in (1, 2):
        response = service.post(
            "/seats",
            json={"hall": "a", "number": number, "holder": "Zoë"},
            headers={"Prefer": "resolution=merge-duplicates, return=representation"},
            params={"on_conflict": "hall,holder"},
        )
        assert response.json()[0]["number"] == number
    assert [row["number"] for row in service.get("/seats").json()] == [2]


@pytest.mark.parametrize("empty", [[], [{}, {}]])
def test_lists_of_nothing_insert_what_they_say(
    service: httpx.Client, empty: list[dict[str, object]]
) -> None:
    response = service.post("/journal", json=empty, headers=SHOW)
    assert response.status_code == 201
    assert len(response.json()) == len(empty)


def test_json_keeps_its_types(service: httpx.Client) -> None:
    row = {"id": 7, "owner": ANNA, "tags": ["a", 'b"c'], "data": {"big": 12345678901234567890}}
    response = service.post("/notes", json=row, headers=SHOW, params={"select": "tags,data"})
    assert response.json() == [{"tags": ["a", 'b"c'], "data": {"big": 12345678901234567890}}]


def test_csv_and_forms_are_bodies_too(service: httpx.Client) -> None:
    csv = service.post(
        "/people",
        content='id,name\n5,"Eva, the fifth"\n6,Fritz\n',
        headers={"Content-Type": "text/csv"},
    )
    form = service.post("/people", data={"id": "7", "name": "Gerd"})
    assert (csv.status_code, form.status_code) == (201, 201)
    assert people(service)[3:] == [(5, "Eva, the fifth"), (6, "Fritz"), (7, "Gerd")]


@pytest.mark.parametrize(
    ("prefer", "parameters", "status", "expected"),
    [
        ("resolution=merge-duplicates", {}, 201, [(1, "Ann"), (4, "Dora")]),
        ("resolution=ignore-duplicates", {}, 201, [(1, "Anna"), (4, "Dora")]),
        ("resolution=merge-duplicates", {"on_conflict": "id"}, 201, [(1, "Ann"), (4, "Dora")]),
    ],
)
def test_upserts(
    service: httpx.Client,
    prefer: str,
    parameters: dict[str, str],
    status: int,
    expected: list[tuple[int, str]],
) -> None:
    rows = [{"id": 1, "name": "Ann"}, {"id": 4, "name": "Dora"}]
    response = service.post("/people", json=rows, headers={"Prefer": prefer}, params=parameters)
    assert response.status_code == status
    assert response.headers["Preference-Applied"] == prefer
    assert [row for row in people(service) if row[0] in (1, 4)] == expected


def test_an_upsert_on_another_key(service: httpx.Client) -> None:
    response = service.post(
        "/people",
        json={"id": 30, "name": "Zoë"},
        headers={"Prefer": "resolution=merge-duplicates"},
        params={"on_conflict": "name"},
    )
    assert response.status_code == 200, "nothing was inserted"
    assert people(service)[-1] == (30, "Zoë")


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [("missing=default", "a % sign"), ("missing=null", None)],
)
def test_missing_values_become_defaults_where_asked(
    service: httpx.Client, prefer: str, expected: str | None
) -> None:
    response = service.post(
        "/journal",
        json=[{"line": "given"}, {}],
        params={"columns": "number,line", "select": "line", "order": "number"},
        headers={"Prefer": f"return=representation, {prefer}"},
    )
    if expected is None:
        assert response.json()["code"] == "23502"
    else:
        assert response.json() == [{"line": "given"}, {"line": expected}]


def test_columns_name_what_counts_of_the_body(service: httpx.Client) -> None:
    rows = [{"id": 4, "name": "Dora", "more": 1}, {"id": 5, "name": "Eva", "else": 2}]
    response = service.post("/people", json=rows, params={"columns": "id,name"})
    assert response.status_code == 201
    assert people(service)[3:] == [(4, "Dora"), (5, "Eva")]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("{", 400, "PGRST102"),
        ("", 400, "PGRST102"),
        ("[NaN]", 400, "PGRST102"),
        ("[" * 100_000, 400, "PGRST102"),
        ('[{"id": 8, "name": "H"}, {"id": 9}]', 400, "PGRST102"),
        ("[1]", 400, "PGRST102"),
        ('{"id": 8, "nothing": 1}', 400, "PGRST204"),
        ('{"id": "eight", "name": "H"}', 400, "22P02"),
        ('{"id": 8}', 400, "23502"),
        ('{"id": 1, "name": "Again"}', 409, "23505"),
    ],
)
def test_bad_bodies_change_nothing(
    service: httpx.Client, content: str, status: int, code: str
) -> None:
    response = service.post(
        "/people", content=content, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert people(service) == [(1, "Anna"), (2, "Bert"), (3, "Zoë")]


def test_broken_references_are_conflicts(service: httpx.Client) -> None:
    response = service.post("/notes", json={"id": 9, "owner": ANNA, "person": 99})
    assert (response.status_code, response.json()["code"]) == (409, "23503")
    assert response.json()["details"] == 'Key (person)=(99) is not present in table "people".'


def test_an_unknown_content_type_is_refused(service: httpx.Client) -> None:
    response = service.post("/people", content="x", headers={"Content-Type": "text/html"})
    assert response.json()["message"] == "Content-Type not acceptable: text/html"


def test_an_update_changes_what_the_filter_names(service: httpx.Client) -> None:
    response = service.patch("/people", json={"name": "Ann"}, params={"id": "eq.1"})
    assert (response.status_code, response.content) == (204, b"")
    assert people(service) == [(1, "Ann"), (2, "Bert"), (3, "Zoë")]


def test_an_update_shows_and_counts(service: httpx.Client) -> None:
    response = service.patch(
        "/notes",
        json={"stars": 1, "done": None},
        params={"id": "lt.3", "select": "id,stars", "order": "id"},
        headers={"Prefer": "return=representation,count=exact"},
    )
    assert response.status_code == 200
    assert response.json() == [{"id": 1, "stars": 1}, {"id": 2, "stars": 1}]
    assert response.headers["Content-Range"] == "0-1/2"


@pytest.mark.parametrize("body", [{}, []])
def test_an_empty_update_changes_nothing(service: httpx.Client, body: object) -> None:
    response = service.patch("/people", json=body, headers=SHOW)
    assert (response.status_code, response.json()) == (200, [])


def test_a_delete_removes_what_the_filter_names(service: httpx.Client) -> None:
    response = service.delete("/people", params={"name": "eq.Zoë"}, headers=SHOW)
    assert (response.status_code, response.json()) == (200, [{"id": 3, "name": "Zoë"}])
    assert service.delete("/notes", params={"id": "gte.1"}).status_code == 204
    assert service.get("/notes").json() == []


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_writes_to_a_whole_table_are_refused(service: httpx.Client, method: str) -> None:
    response = service.request(method, "/people", json={"name": "x"})
    assert (response.status_code, response.json()["code"]) == (400, "21000")
    assert len(people(service)) == 3


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_max_affected_is_kept(service: httpx.Client, method: str) -> None:
    response = service.request(
        method,
        "/notes",
        json={"stars": 0},
        params={"id": "gt.0"},
        headers={"Prefer": "handling=strict, max-affected=2"},
    )
    assert (response.status_code, response.json()["code"]) == (400, "PGRST124")
    assert response.json()["details"] == "The query affects 3 rows"
    assert len(service.get("/notes", params={"stars": "gt.0"}).json()) == 2


def test_a_transaction_can_be_tried_out(service: httpx.Client) -> None:
    response = service.post(
        "/people",
        json={"id": 4, "name": "Dora"},
        headers={"Prefer": "return=representation, tx=rollback"},
    )
    assert (response.status_code, response.json()) == (201, [{"id": 4, "name": "Dora"}])
    assert len(people(service)) == 3


def test_one_object_is_answered_for_one_row_only(service: httpx.Client) -> None:
    one = {"Accept": "application/vnd.pgrst.object+json"}
    found = service.get("/people", params={"id": "eq.1"}, headers=one)
    assert found.json() == {"id": 1, "name": "Anna"}
    assert found.headers["Content-Type"].startswith("application/vnd.pgrst.object+json")
    response = service.delete("/notes", params={"id": "lt.3"}, headers={**one, **SHOW})
    assert (response.status_code, response.json()["code"]) == (406, "PGRST116")
    assert response.json()["details"] == "The result contains 2 rows"
    assert len(service.get("/notes").json()) == 3


def test_unknown_preferences_are_refused_only_when_strict(service: httpx.Client) -> None:
    lenient = service.get("/people", headers={"Prefer": "speed=warp"})
    strict = service.get("/people", headers={"Prefer": "handling=strict, speed=warp"})
    assert (lenient.status_code, strict.status_code) == (200, 400)
    assert strict.json()["details"] == "Invalid preferences: speed=warp"


def test_put_is_not_offered(service: httpx.Client) -> None:
    response = service.put("/people", json={"id": 1, "name": "Ann"}, params={"id": "eq.1"})
    assert (response.status_code, response.json()["code"]) == (405, "PGRST117")
