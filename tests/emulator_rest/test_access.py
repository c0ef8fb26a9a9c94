"""Who may do what: keys, tokens, roles, row-level security, and attempts to get around them."""

import time

import httpx
import pytest

from tests.emulator_rest.conftest import ANNA, BERT, SECRET_KEY, client
from tests.support.rest_emulator import RestEmulator


def test_people_see_their_own_rows_only(anna: httpx.Client, rest: RestEmulator) -> None:
    assert [row["id"] for row in anna.get("/notes", params={"order": "id"}).json()] == [1, 2]
    assert [row["id"] for row in anna.get("/starred").json()] == [1, 2]
    with client(rest, rest.key("authenticated", BERT)) as bert:
        assert [row["id"] for row in bert.get("/notes").json()] == [3]
        assert bert.get("/starred").json() == []


def test_people_write_their_own_rows_only(anna: httpx.Client, service: httpx.Client) -> None:
    assert anna.patch("/notes", json={"stars": 0}, params={"id": "gt.0"}).status_code == 204
    stars = service.get("/notes", params={"select": "stars", "order": "id"}).json()
    assert [row["stars"] for row in stars] == [0, 0, None]
    refused = anna.post("/notes", json={"id": 9, "owner": BERT})
    assert (refused.status_code, refused.json()["code"]) == (403, "42501")


def test_without_a_key_the_role_is_anon(anonymous: httpx.Client) -> None:
    assert len(anonymous.get("/people").json()) == 3
    refused = anonymous.get("/notes")
    assert (refused.status_code, refused.json()["code"]) == (401, "42501")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_missing_privilege_is_403_for_whoever_has_shown_a_key(anna: httpx.Client) -> None:
    for refused in (anna.get("/keepsakes"), anna.post("/rpc/service_only")):
        assert (refused.status_code, refused.json()["code"]) == (403, "42501")


def test_the_apikey_alone_is_enough(rest: RestEmulator) -> None:
    headers = {"apikey": rest.key("service_role")}
    assert httpx.get(f"{rest.url}/rest/v1/notes", headers=headers).status_code == 200


def test_the_token_counts_more_than_the_apikey(rest: RestEmulator) -> None:
    headers = {
        "apikey": rest.key("service_role"),
        "Authorization": f"Bearer {rest.key('authenticated', BERT)}",
    }
    rows = httpx.get(f"{rest.url}/rest/v1/notes", headers=headers).json()
    assert [row["id"] for row in rows] == [3]


def test_a_secret_key_that_is_no_token_stands_for_its_role(rest: RestEmulator) -> None:
    with client(rest, SECRET_KEY) as service:
        assert service.post("/rpc/service_only").json() == "served"
    with client(rest, SECRET_KEY + "x") as stranger:
        assert stranger.get("/people").status_code == 401


def test_a_configured_key_that_is_a_token_must_still_hold(scratch_url: str) -> None:
    expired = RestEmulator("").key("service_role", exp=1)
    with (
        RestEmulator(scratch_url, SUPABASE_SERVICE_ROLE_KEY=expired) as emulator,
        client(emulator, expired) as late,
    ):
        assert late.get("/people").status_code == 401


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        ({"exp": int(time.time()) - 60}, "PGRST303", "JWT expired"),
        ({"nbf": int(time.time()) + 600}, "PGRST303", "JWT not yet valid"),
        ({"iat": int(time.time()) + 600}, "PGRST303", "JWT issued at future"),
        ({"exp": "soon"}, "PGRST303", "Parsing claims failed"),
    ],
)
def test_claims_that_do_not_hold_are_refused(
    rest: RestEmulator, claims: dict[str, object], code: str, message: str
) -> None:
    with client(rest, rest.key("service_role", **claims)) as late:
        response = late.get("/people")
    assert response.status_code == 401
    assert (response.json()["code"], response.json()["message"]) == (code, message)
    assert response.headers["WWW-Authenticate"] == (
        f'Bearer error="invalid_token", error_description="{message}"'
    )


def test_tokens_that_are_not_ours_are_refused(rest: RestEmulator) -> None:
    forged = RestEmulator("", secret="another secret of sufficient length").key("service_role")
    header, content, _ = rest.key("service_role").split(".")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for token in (forged, f"{header}.{content}.", f"{unsigned}.{content}.", "a.b", "a.b.c"):
        response = httpx.get(
            f"{rest.url}/rest/v1/people", headers={"Authorization": f"Bearer {token}"}
        )
        assert (response.status_code, response.json()["code"]) == (401, "PGRST301"), token


@pytest.mark.parametrize("role", ["postgres", "pg_read_all_data", "nobody", "", "anon; x", 5])
def test_no_token_makes_another_role_of_its_bearer(rest: RestEmulator, role: str) -> None:
    with client(rest, rest.key(role)) as ambitious:
        for response in (ambitious.get("/people"), ambitious.post("/rpc/service_only")):
            assert (response.status_code, response.json()["code"]) == (403, "42501")


def test_the_database_knows_the_request(rest: RestEmulator) -> None:
    with client(rest, rest.key("authenticated", ANNA, email="a@b.c")) as anna:
        anna.headers["X-Trace"] = "7"

        def setting(name: str) -> str:
            return str(anna.get("/rpc/setting", params={"name": name}).json())

        assert '"email": "a@b.c"' in setting("request.jwt.claims")
        assert '"x-trace": "7"' in setting("request.headers")
        assert setting("request.method") == "GET"
        assert setting("request.path") == "/rpc/setting"
        assert setting("role") == "authenticated"
        assert setting("transaction_read_only") == "on"


def test_nothing_of_a_request_stays_for_the_next(
    anna: httpx.Client, anonymous: httpx.Client
) -> None:
    for _ in range(20):
        anna.get("/notes")
        claims = anonymous.get("/rpc/setting", params={"name": "request.jwt.claims"}).json()
        assert claims == '{"role": "anon"}'


@pytest.mark.parametrize("header", ["Accept-Profile", "Content-Profile"])
def test_other_schemas_are_not_exposed(service: httpx.Client, header: str) -> None:
    method = "GET" if header.startswith("Accept") else "POST"
    response = service.request(method, "/vault", headers={header: "private"})
    assert (response.status_code, response.json()["code"]) == (406, "PGRST106")
    assert service.get("/people", headers={"Accept-Profile": "public"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/vault",
        "/private.vault",
        '/"private"."vault"',
        "/pg_class",
        "/pg_catalog.pg_authid",
        "/logs_2026",
        "/people%20where%20true",
        "/people;drop%20table%20people",
        "/people%22",
        "/people%00",
        "/rpc/open_vault",
        "/rpc/private.open_vault",
        "/rpc/pg_read_file",
        "/rpc/pg_sleep",
        "/rpc/set_config",
        "/rpc/version",
    ],
)
def test_nothing_outside_the_schema_is_reachable(service: httpx.Client, path: str) -> None:
    response = service.get(path)
    assert response.status_code == 404
    assert response.json()["code"] in ("PGRST202", "PGRST205")


EVIL = [
    "1; DROP TABLE people; --",
    "1' OR '1'='1",
    '1" OR "1"="1',
    "1) OR (1=1",
    "%s",
    "%(x)s",
    "$1",
    "\\'; SELECT pg_sleep(9); --",
    "1/**/UNION/**/SELECT/**/secret/**/FROM/**/keepsakes",
    "{0}",
    "\x00",
]


@pytest.mark.parametrize("evil", EVIL)
def test_values_and_names_never_become_sql(service: httpx.Client, evil: str) -> None:
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    attempts: list[dict[str, str]] = [
        {"name": f"eq.{evil}"},
        {"name": f"in.({evil})"},
        {"name": f'in.("{quoted}")'},
        {"name": f"fts({evil}).x"},
        {"id": f"eq.{evil}"},
        {"id": f"eq(any).{evil}"},
        {"name": f"is.{evil}"},
        {evil: "eq.1"},
        {f'"{quoted}"': "eq.1"},
        {"or": f"(id.eq.{evil},name.eq.{evil})"},
        {"or": f'("{quoted}".eq.1,id.eq.99)'},
        {f"name->>{evil}": "eq.1"},
        {"select": evil},
        {"select": f'"{quoted}"'},
        {"select": f"id::{evil}"},
        {"select": f'"{quoted}":id', "id": "eq.99"},
        {"select": f"name->{evil}", "id": "eq.99"},
        {"order": f'"{quoted}"'},
        {"order": f"id.{evil}"},
        {"limit": evil, "id": "eq.99"},
        {"offset": evil, "id": "eq.99"},
    ]
    for parameters in attempts:
        response = service.get("/people", params=parameters)
        assert response.status_code in (200, 400), (parameters, response.text)
        assert response.json() == [] or "code" in response.json(), parameters
        assert "a ring" not in response.text
    assert len(service.get("/people").json()) == 3


@pytest.mark.parametrize("evil", EVIL)
def test_names_in_a_write_never_become_sql(service: httpx.Client, evil: str) -> None:
    attempts = [
        service.post("/people", json={evil: 1}),
        service.post("/people", json={"id": 8, "name": evil}, params={"columns": evil}),
        service.post(
            "/people",
            json={"id": 1, "name": "x"},
            params={"on_conflict": f'"{evil}"'},
            headers={"Prefer": "resolution=merge-duplicates"},
        ),
        service.patch("/people", json={evil: 1}, params={"id": "eq.1"}),
        service.patch("/people", json={"name": "x"}, params={"id": f"eq.{evil}"}),
        service.delete("/people", params={evil: "eq.1"}),
        service.post("/rpc/add_up", json={"a": 1, evil: 1}),
        service.post("/rpc/add_up", json={"a": evil}),
    ]
    for response in attempts:
        assert response.status_code in (400, 404), response.text
    assert [row["name"] for row in service.get("/people", params={"order": "id"}).json()] == [
        "Anna",
        "Bert",
        "Zoë",
    ]


def test_a_cast_reaches_no_type_outside_the_schema(service: httpx.Client) -> None:
    for cast in ("private.vault", '"private"."vault"', "vault", "text) FROM keepsakes --"):
        response = service.get("/people", params={"select": f"id::{cast}"})
        assert response.status_code == 400, cast


def test_unicode_and_percent_survive(service: httpx.Client) -> None:
    name = "100% Zoë {0} %s 'q' \"d\" \\ 🔒"
    assert service.post("/people", json={"id": 9, "name": name}).status_code == 201
    found = service.get("/people", params={"name": f"eq.{name}"}).json()
    assert found == [{"id": 9, "name": name}]
