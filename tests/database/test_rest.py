"""What only the REST transport meets: keys, gateways, answers of others."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from shared.db.database import Database
from shared.db.rest import RestDatabase
from shared.errors import ConfigurationError, DatabaseUnavailable, Refused
from tests.support.rest_emulator import RestEmulator


@contextmanager
def answering(answer: Response, asked: list[str] | None = None) -> Iterator[Database]:
    """The REST transport against a server that always gives this answer, and notes the paths."""

    @Request.application
    def application(request: Request) -> Response:
        request.get_data()
        if asked is not None:
            asked.append(request.path)
        return answer

    server = make_server("127.0.0.1", 0, application)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    database = RestDatabase(f"http://127.0.0.1:{server.server_port}", "a.b.c", timeout=5)
    try:
        yield database
    finally:
        database.close()
        server.shutdown()
        thread.join()
        server.server_close()


def page(status: int, body: Any, kind: str = "application/json") -> Response:
    return Response(body if isinstance(body, str) else json.dumps(body), status, mimetype=kind)


@pytest.mark.parametrize(
    "answer",
    [
        page(502, "<h1>Bad Gateway</h1>", "text/html"),
        page(503, {"message": "name resolution failed"}),
        page(504, {"code": "PGRST003", "message": "Timed out acquiring connection"}),
        page(503, {"code": "PGRST002", "message": "Could not query the database for the schema"}),
        page(200, "<form>Sign in to the hotel's network</form>", "text/html"),
        page(301, "<a>moved</a>", "text/html"),
    ],
)
def test_who_answers_is_not_the_database(answer: Response) -> None:
    with answering(answer) as database:
        with pytest.raises(DatabaseUnavailable, match=r"\w"):
            database.call("do_nothing")
        with pytest.raises(DatabaseUnavailable, match=r"\w"):
            database.read("things")


def test_nothing_is_asked_twice() -> None:
    """Whether to try again is for the caller, who knows what else waits."""
    asked: list[str] = []

    with (
        answering(page(503, {"code": "PGRST002", "message": "no schema"}), asked) as database,
        pytest.raises(DatabaseUnavailable),
    ):
        database.read("things")

    assert asked == ["/rest/v1/things"]


def test_a_refusal_of_the_gateway_without_a_code() -> None:
    with (
        answering(page(401, {"message": "Invalid API key"})) as database,
        pytest.raises(Refused, match=r"^Invalid API key$"),
    ):
        database.read("things")


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_a_key_of_too_little_power(rest_server: RestEmulator, role: str) -> None:
    database = RestDatabase(rest_server.url, rest_server.key(role))

    with pytest.raises(Refused, match="permission denied"):
        database.call("settle_stopped_subscription", user_id=None, id=None)
    database.close()


def test_a_key_that_is_none(rest_server: RestEmulator) -> None:
    database = RestDatabase(rest_server.url, "not.a.key")

    with pytest.raises(Refused, match="PGRST301"):
        database.read("calendars")
    database.close()


@pytest.mark.parametrize(("url", "key"), [("db.example.com", "a.b.c"), ("https://x.example", "")])
def test_a_url_or_key_that_cannot_be_one(url: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match="SUPABASE_URL"):
        RestDatabase(url, key)
