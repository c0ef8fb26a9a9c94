"""The sign-in stand-in, driven by Supabase's own client."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import httpx
import jwt
import psycopg
import pytest
from supabase import AuthApiError, AuthWeakPasswordError, Client

from tests.support import postgres
from tests.support.rest_emulator import DEFAULT_SECRET
from tests.support.sign_in import SignIn

ANN, PASSWORD = "ann@example.test", "correct horse battery"
CREDENTIALS = {"email": ANN, "password": PASSWORD}


@pytest.fixture(scope="module")
def filled_url(postgres_server_url: str, _template: str, database_name: str) -> Iterator[str]:
    """One database for all tests here."""
    with postgres.database(postgres_server_url, f"{database_name}_sign_in", _template) as url:
        yield url


@pytest.fixture(scope="module", params=[(), ("--asymmetric",)], ids=["HS256", "ES256"])
def process(request: pytest.FixtureRequest, filled_url: str) -> Iterator[SignIn]:
    """Both kinds of keys."""
    with SignIn(filled_url, *request.param) as running:
        yield running


@pytest.fixture
def database_url(filled_url: str) -> str:
    """The database, with nobody in it."""
    sql(filled_url, "delete from public.calendar_accounts; delete from auth.users")
    return filled_url


@pytest.fixture
def stand_in(process: SignIn, database_url: str) -> SignIn:
    """Nobody has an account there."""
    return process


@pytest.fixture
def client(stand_in: SignIn) -> Client:
    """An application."""
    return stand_in.client()


def sql(database_url: str, query: str) -> list[tuple[Any, ...]]:
    with closing(psycopg.connect(database_url, autocommit=True)) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def refusal(error: pytest.ExceptionInfo[AuthApiError]) -> tuple[int, str | None]:
    return error.value.status, error.value.code


def test_a_person_signs_up_and_is_signed_in(
    client: Client, stand_in: SignIn, database_url: str
) -> None:
    answer = client.auth.sign_up({**CREDENTIALS, "options": {"data": {"name": "Ann"}}})

    assert answer.user is not None
    assert answer.session is not None
    assert answer.user.email == ANN
    assert answer.user.user_metadata == {"name": "Ann"}
    assert sql(database_url, "select id, email from auth.users") == [(UUID(answer.user.id), ANN)]
    user = client.auth.get_user()
    assert user is not None
    assert user.user.id == answer.user.id


def test_the_token_is_of_the_kind_that_supabase_issues(client: Client, stand_in: SignIn) -> None:
    session = client.auth.sign_up(CREDENTIALS).session
    assert session is not None
    token = session.access_token
    keys = httpx.get(f"{stand_in.url}/auth/v1/.well-known/jwks.json").json()["keys"]
    key: Any = jwt.PyJWK(keys[0]) if keys else DEFAULT_SECRET
    if keys:
        assert jwt.get_unverified_header(token)["kid"] == keys[0]["kid"]
        assert "d" not in keys[0], "the private part is published"
    algorithm = "ES256" if keys else "HS256"
    claims = jwt.decode(token, key, [algorithm], audience="authenticated")

    assert claims["iss"] == f"{stand_in.url}/auth/v1"
    assert (claims["role"], claims["email"]) == ("authenticated", ANN)
    assert claims["exp"] - claims["iat"] == session.expires_in == 3600


def test_tokens_outlive_a_restart(client: Client, stand_in: SignIn, database_url: str) -> None:
    """The key that is published follows from the project's secret."""
    session = client.auth.sign_up(CREDENTIALS).session
    assert session is not None
    with SignIn(database_url, *stand_in.options) as again:
        user = again.client().auth.get_user(session.access_token)
        assert user is not None
        assert user.user.email == ANN


def test_the_rest_interface_takes_the_token(
    client: Client, stand_in: SignIn, database_url: str
) -> None:
    user = client.auth.sign_up(CREDENTIALS).user
    assert user is not None
    sql(
        database_url,
        "insert into public.calendar_accounts (user_id, provider, provider_account_id)"
        f" values ('{user.id}', 'google', 'ann'); insert into auth.users (id, email)"
        " values ('00000000-0000-4000-8000-00000000000b', 'b@x.test');"
        " insert into public.calendar_accounts (user_id, provider, provider_account_id)"
        " values ('00000000-0000-4000-8000-00000000000b', 'google', 'ben')",
    )

    session = client.auth.get_session()
    assert session is not None
    headers = {"apikey": stand_in.key("anon"), "Authorization": f"Bearer {session.access_token}"}
    url = f"{stand_in.url}/rest/v1/calendar_accounts?select=provider_account_id"
    assert httpx.get(url, headers=headers).json() == [{"provider_account_id": "ann"}]


def test_a_person_signs_in_again(client: Client, stand_in: SignIn) -> None:
    client.auth.sign_up(CREDENTIALS)
    answer = stand_in.client().auth.sign_in_with_password({**CREDENTIALS, "email": ANN.upper()})

    assert answer.user is not None
    assert answer.user.last_sign_in_at is not None


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong password"}, {"email": "nobody@example.test"}]
)
def test_wrong_credentials_are_not_told_apart(client: Client, wrong: dict[str, str]) -> None:
    client.auth.sign_up(CREDENTIALS)
    with pytest.raises(AuthApiError) as error:
        client.auth.sign_in_with_password({**CREDENTIALS, **wrong})  # type: ignore[arg-type]  # a dict

    assert refusal(error) == (400, "invalid_credentials")


def test_an_email_signs_up_once(client: Client) -> None:
    client.auth.sign_up(CREDENTIALS)
    with pytest.raises(AuthApiError) as error:
        client.auth.sign_up({**CREDENTIALS, "password": "another password"})

    assert refusal(error) == (422, "user_already_exists")
    client.auth.sign_in_with_password(CREDENTIALS)


@pytest.mark.parametrize("email", ["ann", "ann@", "a b@x.test"])
def test_what_is_no_email(client: Client, email: str) -> None:
    with pytest.raises(AuthApiError) as error:
        client.auth.sign_up({"email": email, "password": PASSWORD})

    assert refusal(error) == (400, "validation_failed")


def test_a_short_password(client: Client) -> None:
    with pytest.raises(AuthWeakPasswordError) as error:
        client.auth.sign_up({"email": ANN, "password": "short"})

    assert error.value.reasons == ["length"]


def test_a_session_is_refreshed(client: Client) -> None:
    first = client.auth.sign_up(CREDENTIALS).session
    assert first is not None
    second = client.auth.refresh_session().session

    assert second is not None
    assert second.refresh_token != first.refresh_token
    assert client.auth.refresh_session(second.refresh_token).session is not None


def test_a_refresh_token_that_was_stolen_ends_the_session(
    client: Client, database_url: str
) -> None:
    """Used again after ten seconds, in which two tabs may have used it at once."""
    first = client.auth.sign_up(CREDENTIALS).session
    assert first is not None
    second = client.auth.refresh_session(first.refresh_token).session
    assert client.auth.refresh_session(first.refresh_token).session is not None
    sql(database_url, "update emulator_auth.refresh_tokens set used_at = now() - interval '11 s'")
    for token in (first, second):
        assert token is not None
        with pytest.raises(AuthApiError) as error:
            client.auth.refresh_session(token.refresh_token)
        assert refusal(error)[0] == 400
    assert sql(database_url, "select count(*) from emulator_auth.sessions") == [(0,)]


def test_a_refresh_token_that_nobody_has(client: Client) -> None:
    with pytest.raises(AuthApiError) as error:
        client.auth.refresh_session("made up")

    assert refusal(error) == (400, "refresh_token_not_found")


@pytest.mark.parametrize(
    ("scope", "left"),
    [("global", (False, False)), ("local", (False, True)), ("others", (True, False))],
)
def test_signing_out(stand_in: SignIn, scope: Any, left: tuple[bool, bool]) -> None:
    here, there = stand_in.client(), stand_in.client()
    here.auth.sign_up(CREDENTIALS)
    there.auth.sign_in_with_password(CREDENTIALS)
    sessions = [each.auth.get_session() for each in (here, there)]
    here.auth.sign_out({"scope": scope})

    assert tuple(_is_open(stand_in, session) for session in sessions) == left


def test_who_is_nobody(stand_in: SignIn) -> None:
    client = stand_in.client()
    for token in ("made.up.token", stand_in.key("authenticated", sub="x"), stand_in.key("anon")):
        with pytest.raises(AuthApiError) as error:
            client.auth.get_user(token)
        assert refusal(error) == (403, "bad_jwt")


def test_the_gateway_wants_a_key_of_the_project(stand_in: SignIn) -> None:
    url = f"{stand_in.url}/auth/v1/token?grant_type=password"
    assert httpx.post(url, json=CREDENTIALS).json()["message"] == "No API key found in request"
    refused = httpx.post(url, json=CREDENTIALS, headers={"apikey": "made up"})
    assert (refused.status_code, refused.json()["message"]) == (401, "Invalid API key")


def test_older_clients_are_told_in_older_words(stand_in: SignIn) -> None:
    url = f"{stand_in.url}/auth/v1/token?grant_type=password"
    refused = httpx.post(url, json=CREDENTIALS, headers={"apikey": stand_in.key("anon")})
    assert refused.json() == {
        "code": 400,
        "error_code": "invalid_credentials",
        "msg": "Invalid login credentials",
    }


@pytest.mark.parametrize("path", ["nothing", "token?grant_type=magic", "admin"])
def test_what_is_not_there(stand_in: SignIn, path: str) -> None:
    answer = httpx.post(
        f"{stand_in.url}/auth/v1/{path}", json={}, headers={"apikey": stand_in.key("anon")}
    )
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_what_is_no_object(stand_in: SignIn, body: bytes) -> None:
    url = f"{stand_in.url}/auth/v1/signup"
    answer = httpx.post(url, content=body, headers={"apikey": stand_in.key("anon")})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


def test_an_operator_looks_after_people(stand_in: SignIn, database_url: str) -> None:
    """Somebody who was added by `calsync connect` has no password yet."""
    sql(database_url, f"insert into auth.users (email) values ('{ANN}')")
    admin = stand_in.client("service_role").auth.admin
    (ann,) = admin.list_users()
    with pytest.raises(AuthApiError):
        stand_in.client().auth.sign_in_with_password(CREDENTIALS)
    admin.update_user_by_id(ann.id, {"password": PASSWORD})
    stand_in.client().auth.sign_in_with_password(CREDENTIALS)
    ben = admin.create_user({"email": "ben@example.test", "password": PASSWORD})
    admin.delete_user(ben.user.id)

    assert [each.email for each in admin.list_users()] == [ANN]
    with pytest.raises(AuthApiError) as error:
        admin.update_user_by_id(ben.user.id, {"password": PASSWORD})
    assert refusal(error) == (404, "user_not_found")


def test_people_are_no_operators(client: Client, stand_in: SignIn) -> None:
    client.auth.sign_up(CREDENTIALS)
    session = client.auth.get_session()
    assert session is not None
    headers = {"apikey": stand_in.key("anon"), "Authorization": f"Bearer {session.access_token}"}
    answer = httpx.get(f"{stand_in.url}/auth/v1/admin/users", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "not_admin")


def test_of_two_who_sign_up_at_once_one_does(stand_in: SignIn, database_url: str) -> None:
    url, headers = f"{stand_in.url}/auth/v1/signup", {"apikey": stand_in.key("anon")}
    statuses: list[int] = []

    def sign_up() -> None:
        statuses.append(httpx.post(url, json=CREDENTIALS, headers=headers).status_code)

    threads = [threading.Thread(target=sign_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 422, 422, 422]
    assert sql(database_url, "select count(*) from auth.users") == [(1,)]


def test_browsers_may_ask_from_other_origins(stand_in: SignIn) -> None:
    url = f"{stand_in.url}/auth/v1/signup"
    asked = {"Origin": "http://127.0.0.1:3000", "Access-Control-Request-Method": "POST"}
    assert httpx.options(url, headers=asked).headers["Access-Control-Allow-Origin"] == "*"


def _is_open(stand_in: SignIn, session: Any) -> bool:
    headers = {
        "apikey": stand_in.key("anon"),
        "Authorization": f"Bearer {session.access_token}",
    }
    return httpx.get(f"{stand_in.url}/auth/v1/user", headers=headers).is_success
