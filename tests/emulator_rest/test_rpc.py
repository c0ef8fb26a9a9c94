"""Functions: arguments in, results and errors out."""

import httpx
import psycopg
import pytest


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("add_up", {"a": 1}, 11),
        ("add_up", {"a": 1, "b": 2}, 3),
        ("add_up", {"b": None, "a": 1}, None),
        ("add_up", [{"a": 1}, {"a": 2}], 11),
        ("count_to", {"n": 3}, [1, 2, 3]),
        ("count_to", {"n": 0}, []),
        ("pairs", {}, [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]),
        ("person", {"wanted": 2}, {"id": 2, "name": "Bert"}),
        ("both_ways", {"a": 5}, {"lower": 4, "upper": 6}),
        ("one_way", {}, {"only_one": 7}),
        ("one_column", {}, [{"number": 1}, {"number": 2}]),
        ("turned", {"feeling": "glad", "Odd Name": 3}, "sad"),
        ("total_of", {"numbers": [1, 2, 3]}, 6),
        (
            "echo",
            {"document": {"k": [1, "ü"]}, "list": [1, 2]},
            {"document": {"k": [1, "ü"]}, "list": [1, 2]},
        ),
    ],
)
def test_results_keep_their_shape(
    service: httpx.Client, function: str, arguments: object, expected: object
) -> None:
    response = service.post(f"/rpc/{function}", json=arguments)
    assert (response.status_code, response.json()) == (200, expected)


def test_arguments_may_stand_in_the_url(service: httpx.Client) -> None:
    assert service.get("/rpc/add_up", params={"a": "1", "b": "-5"}).json() == -4
    many = [("numbers", "1"), ("numbers", "2")]
    assert service.get("/rpc/total_of", params=many).json() == 3
    assert service.head("/rpc/add_up", params={"a": "1"}).content == b""


def test_a_form_and_an_empty_body_are_arguments_too(service: httpx.Client) -> None:
    assert service.post("/rpc/add_up", data={"a": "1", "b": "2"}).json() == 3
    assert service.post("/rpc/turned").json() == "glad"
    last_one_counts = [("a", "1"), ("a", "5")]
    assert service.get("/rpc/add_up", params=last_one_counts).json() == 15


def test_a_single_result_counts_as_one(service: httpx.Client) -> None:
    response = service.post("/rpc/add_up", json={"a": 1}, headers={"Prefer": "count=exact"})
    assert (response.status_code, response.headers["Content-Range"]) == (200, "0-0/1")
    one = {"Accept": "application/vnd.pgrst.object+json"}
    assert service.post("/rpc/person", json={"wanted": 1}, headers=one).json()["name"] == "Anna"
    assert service.post("/rpc/pairs", headers=one).status_code == 406


def test_a_function_runs_once(service: httpx.Client) -> None:
    response = service.post("/rpc/log_once", headers={"Prefer": "count=exact"})
    assert response.json() == [{"number": 1, "line": "once"}]
    assert len(service.get("/journal").json()) == 1


def test_rows_of_a_function_as_csv(service: httpx.Client) -> None:
    assert service.post("/rpc/pairs", headers={"Accept": "text/csv"}).text == "x,y\n1,a\n2,b"


def test_rows_of_a_function_are_filtered_like_a_table(service: httpx.Client) -> None:
    response = service.post(
        "/rpc/notes_of",
        json={"name": "Anna"},
        params={"select": "id", "stars": "gt.1", "order": "id.desc", "limit": "1"},
        headers={"Prefer": "count=exact"},
    )
    assert (response.status_code, response.json()) == (206, [{"id": 2}])
    assert response.headers["Content-Range"] == "0-0/2"
    by_get = service.get("/rpc/notes_of", params={"name": "Anna", "id": "eq.1", "select": "id"})
    assert by_get.json() == [{"id": 1}]


def test_a_function_without_a_result_answers_204(service: httpx.Client) -> None:
    response = service.post("/rpc/write_line", json={"line": "hello"})
    assert (response.status_code, response.content) == (204, b"")
    assert service.get("/journal").json() == [{"number": 1, "line": "hello"}]


def test_get_cannot_write(service: httpx.Client) -> None:
    response = service.get("/rpc/write_line", params={"line": "hello"})
    assert (response.status_code, response.json()["code"]) == (405, "25006")
    assert service.get("/journal").json() == []


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("nothing", {}), ("add_up", {}), ("add_up", {"a": 1, "c": 2}), ("pairs", {"x": 1})],
)
def test_an_unknown_function_is_not_found(
    service: httpx.Client, function: str, arguments: dict[str, int]
) -> None:
    response = service.post(f"/rpc/{function}", json=arguments)
    assert (response.status_code, response.json()["code"]) == (404, "PGRST202")
    assert f"public.{function}" in response.json()["message"]


def test_two_functions_that_fit_are_one_too_many(service: httpx.Client) -> None:
    response = service.post("/rpc/ambiguous", json={"a": 1})
    assert (response.status_code, response.json()["code"]) == (300, "PGRST203")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("P0001", 400),
        ("PT402", 402),
        ("PT503", 503),
        ("22023", 400),
        ("23514", 400),
        ("40001", 500),
        ("42501", 403),
        ("42P01", 404),
        ("53300", 503),
        ("CS001", 400),
    ],
)
def test_an_error_keeps_its_state_and_gets_a_status(
    service: httpx.Client, state: str, status: int
) -> None:
    response = service.post("/rpc/refuse", json={"state": state, "message": "no"})
    assert response.status_code == status
    assert response.json() == {"code": state, "details": "why", "hint": "do", "message": "no"}


def test_a_function_may_dictate_the_error(service: httpx.Client) -> None:
    response = service.post("/rpc/dictate")
    assert (response.status_code, response.headers["X-Mine"]) == (418, "yes")
    assert response.json()["message"] == "as I say"


def test_a_function_may_set_status_and_headers(service: httpx.Client) -> None:
    fine = {"status": "202", "headers": '[{"X-One": "1"}]'}
    response = service.post("/rpc/answer_with", json=fine)
    assert (response.status_code, response.headers["X-One"]) == (202, "1")
    bad_status = service.post("/rpc/answer_with", json={**fine, "status": "fine"})
    bad_headers = service.post("/rpc/answer_with", json={**fine, "headers": '{"X": 1}'})
    assert (bad_status.status_code, bad_status.json()["code"]) == (500, "PGRST112")
    assert (bad_headers.status_code, bad_headers.json()["code"]) == (500, "PGRST111")


def test_max_affected_needs_a_function_that_returns_rows(service: httpx.Client) -> None:
    strict = {"Prefer": "handling=strict, max-affected=1"}
    single = service.post("/rpc/add_up", json={"a": 1}, headers=strict)
    rows = service.post("/rpc/pairs", headers=strict)
    assert (single.json()["code"], rows.json()["code"]) == ("PGRST128", "PGRST124")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_functions_are_called_by_get_and_post_only(service: httpx.Client, method: str) -> None:
    response = service.request(method, "/rpc/pairs")
    assert (response.status_code, response.json()["code"]) == (405, "PGRST101")


def test_what_is_created_later_is_found(service: httpx.Client, scratch_url: str) -> None:
    assert service.get("/later").json()["code"] == "PGRST205"
    assert service.get("/rpc/later_too").json()["code"] == "PGRST202"
    with psycopg.connect(scratch_url) as connection:
        connection.execute("CREATE TABLE later (id integer)")
        connection.execute("GRANT ALL ON later TO service_role")
        connection.execute("CREATE FUNCTION later_too() RETURNS integer RETURN 1")
    try:
        assert service.get("/later").json() == []
        assert service.get("/rpc/later_too").json() == 1
        with psycopg.connect(scratch_url) as connection:
            connection.execute("ALTER TABLE later ADD added text")
        assert service.post("/later", json={"added": "yes"}).status_code == 201
    finally:
        with psycopg.connect(scratch_url) as connection:
            connection.execute("DROP TABLE later")
            connection.execute("DROP FUNCTION later_too")
    assert service.get("/later").json()["code"] == "42P01"
