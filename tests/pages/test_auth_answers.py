"""What Supabase Auth may answer, and what a person is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.pages.conftest import ANN, PASSWORD
from tests.pages.visitor import Visitor, alert
from tests.support.rig import Rig

PROJECT = {"SUPABASE_ANON_KEY": "anon-key-of-the-project"}
UNAVAILABLE = "Signing in does not work at the moment; try again in a minute."


@contextmanager
def project(status: int, body: str) -> Iterator[tuple[str, list[Request]]]:
    """A project whose Auth gives one answer to everything; gives its URL and what it was asked."""
    asked: list[Request] = []

    @Request.application
    def answer(request: Request) -> Response:
        request.get_data(cache=True)
        asked.append(request)
        return Response(body, status=status, content_type="application/json")

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(code: str) -> str:
    return json.dumps({"code": code, "message": "in words for programmers"})


@pytest.mark.parametrize(
    ("status", "body", "told", "answered"),
    [
        (400, refusal("invalid_credentials"), "The e-mail address or the password is wrong.", 400),
        (400, refusal("email_not_confirmed"), "Open the link in the e-mail", 400),
        (403, refusal("user_banned"), "This account is locked.", 400),
        (422, refusal("made_up_since"), "This was refused. Please try again.", 400),
        (429, refusal("over_request_rate_limit"), "Too many attempts.", 429),
        (401, '{"message": "Invalid API key"}', UNAVAILABLE, 503),
        (500, refusal("unexpected_failure"), UNAVAILABLE, 503),
        (502, "<html>Bad gateway</html>", UNAVAILABLE, 503),
        (200, "<html>A login page</html>", UNAVAILABLE, 503),
        (200, "[]", UNAVAILABLE, 503),
        (200, '{"access_token": "alone"}', UNAVAILABLE, 503),
    ],
)
def test_answers_and_what_is_told(
    rig: Rig, visitor: Visitor, status: int, body: str, told: str, answered: int
) -> None:
    with project(status, body) as (url, _):
        rig.reopen(SUPABASE_URL=url, **PROJECT)
        answer = visitor.sign_in(ANN, PASSWORD)
    assert answer.status_code == answered
    assert told in alert(answer)
    assert "programmers" not in answer.text


def test_an_address_that_must_be_confirmed_first(rig: Rig, visitor: Visitor) -> None:
    unconfirmed: dict[str, Any] = {"id": "…", "email": ANN, "confirmation_sent_at": "…"}
    with project(200, json.dumps(unconfirmed)) as (url, _):
        rig.reopen(SUPABASE_URL=url, **PROJECT)
        answer = visitor.sign_up(ANN, PASSWORD)
    assert answer.headers["Location"] == "/sign-in?done=confirm"
    assert "open the link in the e-mail" in visitor.get(answer.headers["Location"]).text


def test_auth_is_asked_as_its_reference_says(rig: Rig, visitor: Visitor) -> None:
    with project(400, refusal("invalid_credentials")) as (url, asked):
        rig.reopen(SUPABASE_URL=url, **PROJECT)
        visitor.sign_in(f" {ANN} ", PASSWORD)
        visitor.sign_up(ANN, PASSWORD)
    credentials = {"email": ANN, "password": PASSWORD}
    assert [(each.method, each.full_path, each.get_json()) for each in asked] == [
        ("POST", "/auth/v1/token?grant_type=password", credentials),
        ("POST", "/auth/v1/signup?", credentials),
    ]
    assert {each.headers["apikey"] for each in asked} == {PROJECT["SUPABASE_ANON_KEY"]}
