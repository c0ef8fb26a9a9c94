"""HTTP around the data: media types, CORS, the root, paths, starting and stopping."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.emulator_rest.conftest import ANNA, BERT, client
from tests.support.postgres import REPOSITORY
from tests.support.rest_emulator import DEFAULT_SECRET, RestEmulator


def test_csv_has_a_header_and_quotes_where_needed(service: httpx.Client) -> None:
    response = service.get(
        "/notes",
        params={"select": "id,title,stars", "order": "id"},
        headers={"Accept": "text/csv"},
    )
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.text == (
        'id,title,stars\n1,"Buy milk",3\n2,"Call, (Bert) ""today""",5\n3,"Réunion 50%",'
    )


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        (
            "application/json",
            "application/json; charset=utf-8",
            [{"id": 3, "person": 2, "done": None}],
        ),
        ("*/*", "application/json; charset=utf-8", [{"id": 3, "person": 2, "done": None}]),
        (
            "text/html, application/json;q=0.5",
            "application/json; charset=utf-8",
            [{"id": 3, "person": 2, "done": None}],
        ),
        (
            "application/vnd.pgrst.array+json;nulls=stripped",
            "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8",
            [{"id": 3, "person": 2}],
        ),
        (
            "application/vnd.pgrst.object+json;nulls=stripped",
            "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8",
            {"id": 3, "person": 2},
        ),
    ],
)
def test_media_types(service: httpx.Client, accept: str, content_type: str, body: object) -> None:
    response = service.get(
        "/notes", params={"select": "id,person,done", "id": "eq.3"}, headers={"Accept": accept}
    )
    assert response.headers["Content-Type"] == content_type
    assert response.json() == body


def test_a_media_type_that_nobody_has_is_not_acceptable(service: httpx.Client) -> None:
    response = service.get("/people", headers={"Accept": "image/png"})
    assert (response.status_code, response.json()["code"]) == (406, "PGRST107")


def test_any_page_may_ask(service: httpx.Client) -> None:
    plain = service.get("/people", headers={"Origin": "https://a.example"})
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in plain.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in service.get("/people").headers
    preflight = service.options(
        "/people",
        headers={
            "Origin": "https://a.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "apikey, prefer",
        },
    )
    assert preflight.status_code == 200
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization, apikey, prefer"


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/people", "OPTIONS,GET,HEAD,POST,PATCH,DELETE"), ("/rpc/pairs", "OPTIONS,GET,HEAD,POST")],
)
def test_options_name_the_methods(service: httpx.Client, path: str, methods: str) -> None:
    assert service.options(path).headers["Allow"] == methods


def test_the_root_describes_what_the_caller_may_use(
    service: httpx.Client, anonymous: httpx.Client
) -> None:
    everything = service.get("/").json()
    little = anonymous.get("/").json()
    assert everything["swagger"] == "2.0"
    assert {"/people", "/notes", "/rpc/service_only"} <= set(everything["paths"])
    assert "/keepsakes" not in everything["paths"]
    assert everything["definitions"]["people"]["properties"]["id"] == {"format": "integer"}
    assert "/notes" not in little["paths"]
    assert "/rpc/service_only" not in little["paths"]


@pytest.mark.parametrize("path", ["/", "/rest", "/rest/v2/people", "/rest/v1/people/1"])
def test_other_paths_do_not_exist(rest: RestEmulator, path: str) -> None:
    response = httpx.get(rest.url + path)
    assert (response.status_code, response.json()["code"]) == (404, "PGRST125")


def test_the_location_of_what_was_read(service: httpx.Client) -> None:
    response = service.get("/people", params={"select": "id", "id": "in.(1,2)"})
    assert response.headers["Content-Location"] == "/people?id=in.(1,2)&select=id"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_to(scratch_url: str, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "emulator", "rest", "--port", "0"]
    environment = {
        **os.environ,
        "SUPABASE_JWT_SECRET": DEFAULT_SECRET,
        "DATABASE_URL": scratch_url,
    }
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert httpx.get(f"{ready['url']}/rest/v1/people").status_code == 200
        process.send_signal(number)
        try:
            _, complaints = process.communicate(timeout=30)
        finally:
            process.kill()
        assert (process.returncode, complaints) == (0, "")


def test_lost_database_connections_cost_no_request(service: httpx.Client, scratch_url: str) -> None:
    assert service.get("/people").status_code == 200
    with psycopg.connect(scratch_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert service.get("/people").status_code == 200


def test_whatever_keeps_it_from_starting_is_named(scratch_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "emulator", "rest", "--port", port]
        command += ["--database-url", scratch_url]
        without_secret = {k: v for k, v in os.environ.items() if k != "SUPABASE_JWT_SECRET"}
        with_secret = {**without_secret, "SUPABASE_JWT_SECRET": DEFAULT_SECRET}
        nowhere = [*command[:-1], f"postgresql://postgres@127.0.0.1:{port}/x?connect_timeout=1"]
        outcomes = [
            subprocess.run(
                line, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
            )
            for line, env in (
                (command, with_secret),
                (command, without_secret),
                (nowhere, with_secret),
            )
        ]
    assert [outcome.returncode for outcome in outcomes] == [1, 1, 1]
    assert port in outcomes[0].stderr
    assert "SUPABASE_JWT_SECRET" in outcomes[1].stderr
    assert "connect" in outcomes[2].stderr


def test_many_requests_at_once_keep_their_roles(rest: RestEmulator) -> None:
    """More clients than database connections: each still gets its own rows."""
    keys = {
        rest.key("service_role"): [1, 2, 3],
        rest.key("authenticated", ANNA): [1, 2],
        rest.key("authenticated", BERT): [3],
    }

    def seen_with(key: str) -> list[int]:
        with client(rest, key) as opened:
            rows = opened.get("/notes", params={"order": "id"}).json()
        return [row["id"] for row in rows]

    asked = list(keys) * 20
    with ThreadPoolExecutor(max_workers=30) as threads:
        answers = list(threads.map(seen_with, asked))
    assert answers == [keys[key] for key in asked]
