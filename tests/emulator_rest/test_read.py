"""GET: which columns, which rows, in which order, how many."""

import httpx
import pytest

TITLES = {1: "Buy milk", 2: 'Call, (Bert) "today"', 3: "Réunion 50%"}
ODD = 'Odd name, with "quotes" and 50%'


def ids(service: httpx.Client, **parameters: str) -> list[int]:
    response = service.get("/notes", params={"select": "id", "order": "id", **parameters})
    assert response.status_code == 200, response.text
    return [row["id"] for row in response.json()]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"id": "eq.2"}, [2]),
        ({"id": "neq.2"}, [1, 3]),
        ({"id": "gt.1"}, [2, 3]),
        ({"id": "gte.2"}, [2, 3]),
        ({"id": "lt.2"}, [1]),
        ({"id": "lte.2"}, [1, 2]),
        ({"id": "not.eq.2"}, [1, 3]),
        ({"title": "like.Buy*"}, [1]),
        ({"title": "like.buy*"}, []),
        ({"title": "ilike.buy%"}, [1]),
        ({"title": "match.^B.*k$"}, [1]),
        ({"title": "imatch.^buy"}, [1]),
        ({"title": "like(any).{Buy*,Call*}"}, [1, 2]),
        ({"title": "ilike(all).{*b*,*milk*}"}, [1]),
        ({"id": "eq(any).{1,3}"}, [1, 3]),
        ({"id": "in.(1,3)"}, [1, 3]),
        ({"id": "not.in.(1,3)"}, [2]),
        ({"id": "in.()"}, []),
        ({"title": 'in.("Call, (Bert) \\"today\\"",Buy milk)'}, [1, 2]),
        ({"done": "is.null"}, [3]),
        ({"done": "is.not_null"}, [1, 2]),
        ({"done": "is.True"}, [1]),
        ({"done": "not.is.true"}, [2, 3]),
        ({"done": "is.unknown"}, [3]),
        ({"stars": "isdistinct.3"}, [2, 3]),
        ({"tags": "cs.{shop}"}, [1]),
        ({"tags": "cd.{phone,shop}"}, [2, 3]),
        ({"tags": "ov.{phone,shop}"}, [1, 2]),
        ({"data": 'cs.{"n": 5}'}, [1]),
        ({"data->n": "eq.5"}, [1]),
        ({"data->>n": "in.(5,7)"}, [1, 2]),
        ({"data->a->b->>0": "eq.1"}, [1]),
        ({"tags->>0": "eq.phone"}, [2]),
        ({"title": "fts(english).milks"}, [1]),
        ({"title": "plfts.buy milk"}, [1]),
        ({"title": "phfts(english).buy milk"}, [1]),
        ({"title": "wfts.milk -call"}, [1]),
        ({"or": "(id.eq.1,stars.is.null)"}, [1, 3]),
        ({"and": "(id.gt.1,or(stars.is.null,stars.eq.3))"}, [3]),
        ({"not.or": "(id.eq.1,id.eq.2)"}, [3]),
        ({"or": "(id.eq.3,not.and(id.gte.1,id.lte.2))"}, [3]),
        ({"or": '(title.eq."Call, (Bert) \\"today\\"",id.in.(3))'}, [2, 3]),
        ({"or": "(tags.cs.{shop,daily},data->>n.eq.7)"}, [1, 2]),
        ({"id": "gte.1", "stars": "eq.5"}, [2]),
    ],
)
def test_filters_pick_rows(
    service: httpx.Client, filters: dict[str, str], expected: list[int]
) -> None:
    assert ids(service, **filters) == expected


def test_one_column_may_be_filtered_twice(service: httpx.Client) -> None:
    parameters = [("select", "id"), ("id", "gt.1"), ("id", "lt.3")]
    assert service.get("/notes", params=parameters).json() == [{"id": 2}]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("id,name:title", {"id": 1, "name": "Buy milk"}),
        ("id::text", {"id": "1"}),
        ("number:id::double precision", {"number": 1.0}),
        ("data->a->b", {"b": [1, 2]}),
        ("data->a->b->>1", {"b": "2"}),
        ("data->a->b->-1", {"b": 2}),
        ("first:tags->>0", {"first": "shop"}),
        (f'"{ODD.replace(chr(34), chr(92) + chr(34))}"', {ODD: None}),
        (" id , done ", {"id": 1, "done": True}),
    ],
)
def test_select_shapes_the_row(
    service: httpx.Client, select: str, expected: dict[str, object]
) -> None:
    response = service.get("/notes", params={"select": select, "id": "eq.1"})
    assert response.json() == [expected]


def test_all_columns_are_selected_without_a_select(service: httpx.Client) -> None:
    row = service.get("/people", params={"id": "eq.3"}).json()
    assert row == [{"id": 3, "name": "Zoë"}]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("stars", [1, 2, 3]),
        ("stars.desc", [3, 2, 1]),
        ("stars.desc.nullslast", [2, 1, 3]),
        ("stars.asc.nullsfirst", [3, 1, 2]),
        ("stars.nullsfirst", [3, 1, 2]),
        ("done,id.desc", [2, 1, 3]),
        ("data->>n.desc.nullslast", [2, 1, 3]),
    ],
)
def test_order(service: httpx.Client, order: str, expected: list[int]) -> None:
    assert ids(service, order=order) == expected


def test_views_are_read_like_tables(service: httpx.Client) -> None:
    assert service.get("/starred", params={"order": "id", "select": "id"}).json() == [
        {"id": 1},
        {"id": 2},
    ]


@pytest.mark.parametrize(
    ("parameters", "headers", "expected", "content_range", "status"),
    [
        ({}, {}, [1, 2, 3], "0-2/*", 200),
        ({"limit": "2"}, {}, [1, 2], "0-1/*", 200),
        ({"limit": "1", "offset": "1"}, {}, [2], "1-1/*", 200),
        ({"offset": "2"}, {}, [3], "2-2/*", 200),
        ({"limit": "0"}, {}, [], "*/*", 200),
        ({}, {"Range": "1-2"}, [2, 3], "1-2/*", 200),
        ({}, {"Range": "1-"}, [2, 3], "1-2/*", 200),
        ({"limit": "1"}, {"Prefer": "count=exact"}, [1], "0-0/3", 206),
        ({}, {"Prefer": "count=exact"}, [1, 2, 3], "0-2/3", 200),
        ({"id": "gt.5"}, {"Prefer": "count=exact"}, [], "*/0", 200),
        ({}, {"Prefer": "count=exact", "Range": "0-1"}, [1, 2], "0-1/3", 206),
    ],
)
def test_ranges(
    service: httpx.Client,
    parameters: dict[str, str],
    headers: dict[str, str],
    expected: list[int],
    content_range: str,
    status: int,
) -> None:
    response = service.get(
        "/notes", params={"select": "id", "order": "id", **parameters}, headers=headers
    )
    assert [row["id"] for row in response.json()] == expected
    assert response.headers["Content-Range"] == content_range
    assert response.status_code == status
    assert response.headers.get("Preference-Applied") == headers.get("Prefer")


@pytest.mark.parametrize("kind", ["planned", "estimated"])
def test_the_planner_may_guess_the_total(service: httpx.Client, kind: str) -> None:
    response = service.get("/people", headers={"Prefer": f"count={kind}"})
    total = int(response.headers["Content-Range"].partition("/")[2])
    assert total >= (3 if kind == "estimated" else 1)


@pytest.mark.parametrize(
    ("parameters", "headers", "details"),
    [
        ({"limit": "-1"}, {}, "Limit should be greater than or equal to zero."),
        (
            {},
            {"Range": "5-2"},
            "The lower boundary must be lower than or equal to the upper boundary in the Range "
            "header.",
        ),
        (
            {"offset": "9"},
            {"Prefer": "count=exact"},
            "An offset of 9 was requested, but there are only 3 rows.",
        ),
    ],
)
def test_impossible_ranges_are_refused(
    service: httpx.Client, parameters: dict[str, str], headers: dict[str, str], details: str
) -> None:
    response = service.get("/people", params=parameters, headers=headers)
    assert response.status_code == 416
    assert response.json() == {
        "code": "PGRST103",
        "details": details,
        "hint": None,
        "message": "Requested range not satisfiable",
    }


def test_head_has_the_headers_of_get_and_no_body(service: httpx.Client) -> None:
    response = service.head("/notes", headers={"Prefer": "count=exact"})
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Range"] == "0-2/3"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"id": "noop.1"}, "PGRST100"),
        ({"id": "1"}, "PGRST100"),
        ({"id": "in.1"}, "PGRST100"),
        ({"id": "is.maybe"}, "PGRST100"),
        ({"select": "id,"}, "PGRST100"),
        ({"select": "id->"}, "PGRST100"),
        ({"order": "id.sideways"}, "PGRST100"),
        ({"or": "(id.eq.1"}, "PGRST100"),
        ({"or": "id.eq.1"}, "PGRST100"),
        ({"select": "id,person(name)"}, "PGRST200"),
        ({"select": "id,...person(name)"}, "PGRST200"),
        ({"person.name": "eq.Anna"}, "PGRST108"),
        ({"order": "people(name)"}, "PGRST108"),
        ({"select": "count()"}, "PGRST123"),
        ({"select": "id.sum()"}, "PGRST123"),
        ({"select": "nothing"}, "42703"),
        ({"nothing": "eq.1"}, "42703"),
        ({"id": "eq.one"}, "22P02"),
        ({"select": "id::nonsense"}, "42704"),
    ],
)
def test_a_query_that_makes_no_sense_is_a_client_error(
    service: httpx.Client, parameters: dict[str, str], code: str
) -> None:
    response = service.get("/notes", params=parameters)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert set(response.json()) == {"code", "details", "hint", "message"}
    assert response.headers["Proxy-Status"] == f"PostgREST; error={code}"
