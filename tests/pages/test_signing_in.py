"""Signing up, in and out on the pages; what the browser keeps, and what it cannot do with it."""

import pytest
from cryptography.fernet import Fernet

from tests.pages.conftest import ANN, BEN, PASSWORD
from tests.pages.visitor import COOKIE, Visitor, alert, heading
from tests.support.program import free_port
from tests.support.rest_emulator import DEFAULT_SECRET, RestThread
from tests.support.rig import ENCRYPTION_KEY, Rig
from tests.support.sign_in import SignIn


def test_a_person_signs_up_out_and_in_again(rig: Rig, visitor: Visitor) -> None:
    made = visitor.sign_up(ANN, PASSWORD)
    assert (made.status_code, made.headers["Location"]) == (303, "/")
    assert heading(visitor.get("/")) == "Calendars"
    out = visitor.submit("/sign-out", "/")
    assert out.headers["Location"] == "/sign-in?done=signed-out"
    assert heading(visitor.get("/")) == "Sign in"
    assert visitor.sign_in(ANN.upper(), PASSWORD).headers["Location"] == "/"
    assert ANN in visitor.get("/").text
    assert rig.count("auth.users") == 1


def test_whoever_is_signed_in_needs_no_form_for_it(ann: Visitor) -> None:
    for path in ("/sign-in", "/sign-up"):
        assert ann.http.get(path).headers["Location"] == "/"


def test_the_cookie_is_sealed_and_not_for_scripts(rig: Rig, visitor: Visitor) -> None:
    answer = visitor.sign_up(ANN, PASSWORD)
    (line,) = answer.headers.get_list("set-cookie")
    name, *said = line.split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert {each for each in said if not each.startswith("Expires=")} == {
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
        "Max-Age=2592000",
    }
    assert ANN not in line
    opened = Fernet(ENCRYPTION_KEY).decrypt(visitor.cookie.encode()).decode()
    assert ANN in opened
    assert PASSWORD not in opened


def test_over_https_it_is_bound_to_this_host(rig: Rig, visitor: Visitor) -> None:
    rig.reopen(WEBHOOK_BASE_URL="https://calsync.example")
    (line,) = visitor.http.get("/sign-in").headers.get_list("set-cookie")
    assert line.startswith(f"__Host-{COOKIE}=")
    assert "; Secure" in line


@pytest.mark.parametrize(
    "cookie",
    ["", "forged", Fernet(ENCRYPTION_KEY).encrypt(b"{}").decode()],
    ids=["empty", "forged", "sealed by the right key"],
)
def test_a_cookie_that_is_none_of_ours_opens_nothing(visitor: Visitor, cookie: str) -> None:
    answer = visitor.http.get("/", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_what_is_sealed_for_something_else_is_no_session(rig: Rig, visitor: Visitor) -> None:
    """Credentials of accounts are sealed by the same keys."""
    other = {"csrf": "x", "tokens": {"email": ANN, "access": "a", "refresh": "b"}}
    answer = visitor.http.get(
        "/sign-in", headers={"Cookie": f"{COOKIE}={rig.service.sealer.seal(other)}"}
    )
    assert heading(answer) == "Sign in"


def test_signing_in_begins_a_new_session(visitor: Visitor) -> None:
    """Whoever planted a session before knows nothing of the one after."""
    before = visitor.csrf()
    visitor.sign_up(ANN, PASSWORD)
    assert visitor.csrf("/") != before


def test_a_stranger_learns_nothing_from_a_refusal(visitor: Visitor) -> None:
    visitor.sign_up(ANN, PASSWORD)
    visitor.submit("/sign-out", "/")
    wrong, nobody = visitor.sign_in(ANN, "wrong one"), visitor.sign_in(BEN, "wrong one")
    assert wrong.status_code == nobody.status_code == 400
    assert alert(wrong) == alert(nobody) == "The e-mail address or the password is wrong."
    assert "wrong one" not in wrong.text
    assert f'value="{ANN}"' in wrong.text


@pytest.mark.parametrize(
    ("email", "password", "told"),
    [
        ("", PASSWORD, "Type your e-mail"),
        (ANN, "", "Type your e-mail"),
        (ANN, "short", "too easy to guess"),
        ("ann", PASSWORD, "not an e-mail address"),
        (BEN, PASSWORD, "has an account already"),
    ],
)
def test_accounts_that_are_not_made(
    rig: Rig, visitor: Visitor, email: str, password: str, told: str
) -> None:
    with Visitor(rig.url) as ben:
        ben.sign_up(BEN, PASSWORD)
    answer = visitor.sign_up(email, password)
    assert answer.status_code == 400
    assert told in alert(answer)
    assert rig.count("auth.users") == 1


def test_attempts_are_counted_by_address_and_by_person(rig: Rig, visitor: Visitor) -> None:
    rig.reopen(SIGN_IN_RATE_LIMIT="3 per hour", TRUSTED_PROXIES="1")

    def attempt(email: str, address: str) -> int:
        visitor.http.headers["X-Forwarded-For"] = address
        return visitor.sign_in(email, "guess").status_code

    assert [attempt(f"{n}@example.test", "10.0.0.1") for n in range(4)] == [400, 400, 400, 429]
    assert [attempt(ANN, f"10.0.1.{n}") for n in range(4)] == [400, 400, 400, 429]
    assert attempt(BEN, "10.0.2.1") == 400


def test_too_many_refusals_are_told_on_a_page(rig: Rig, visitor: Visitor) -> None:
    rig.reopen(REFUSED_RATE_LIMIT="2 per hour")
    for _ in range(2):
        assert visitor.http.post("/sign-in").status_code == 403
    refused = visitor.http.get("/sign-in")
    assert (refused.status_code, heading(refused)) == (429, "Too many attempts")


def test_tokens_that_ran_out_are_refreshed(rig: Rig, auth: RestThread, database_url: str) -> None:
    with SignIn(database_url, "--token-seconds=-60") as hasty, Visitor(rig.url) as visitor:
        rig.reopen(SUPABASE_URL=hasty.url)
        visitor.sign_up(ANN, PASSWORD)
        rig.reopen(SUPABASE_URL=auth.url)
        csrf, cookie = _csrf_of(rig, visitor), visitor.cookie
        assert heading(visitor.get("/")) == "Calendars"
        assert visitor.cookie != cookie
        assert _csrf_of(rig, visitor) == csrf
        refreshed = visitor.cookie
        assert heading(visitor.get("/")) == "Calendars"
        assert visitor.cookie == refreshed


def test_a_session_that_ended_elsewhere_ends_here(rig: Rig, database_url: str) -> None:
    with SignIn(database_url, "--token-seconds=-60") as hasty, Visitor(rig.url) as visitor:
        rig.reopen(SUPABASE_URL=hasty.url)
        visitor.sign_up(ANN, PASSWORD)
        rig.sql("delete from emulator_auth.sessions")
        page = visitor.get("/")
    assert heading(page) == "Sign in"
    assert "Please sign in again." in page.text


def test_tokens_of_another_project_let_nobody_in(rig: Rig, visitor: Visitor) -> None:
    visitor.sign_up(ANN, PASSWORD)
    rig.reopen(SUPABASE_JWT_SECRET=DEFAULT_SECRET[::-1])
    assert heading(visitor.get("/")) == "Sign in"
    assert visitor.http.get("/").headers["Location"] == "/sign-in"


def test_signing_out_ends_the_session_at_auth(rig: Rig, visitor: Visitor) -> None:
    visitor.sign_up(ANN, PASSWORD)
    assert rig.count("emulator_auth.sessions") == 1
    visitor.submit("/sign-out", "/")
    assert rig.count("emulator_auth.sessions") == 0


def test_while_auth_is_down(rig: Rig, visitor: Visitor) -> None:
    visitor.sign_up(ANN, PASSWORD)
    rig.reopen(SUPABASE_URL=f"http://127.0.0.1:{free_port()}")
    # Whoever is in stays in, and may go.
    assert heading(visitor.get("/")) == "Calendars"
    assert visitor.submit("/sign-out", "/").status_code == 303
    refused = visitor.sign_in(ANN, PASSWORD)
    assert refused.status_code == 503
    assert "does not work at the moment" in alert(refused)


def test_where_signing_in_is_not_set_up(rig: Rig, visitor: Visitor) -> None:
    rig.reopen(SUPABASE_ANON_KEY="")
    refused = visitor.sign_in(ANN, PASSWORD)
    assert refused.status_code == 503
    assert alert(refused) == "Signing in is not set up on this CalSync."


def _csrf_of(rig: Rig, visitor: Visitor) -> str:
    return str(rig.service.sealer.open(visitor.cookie)["csrf"])
