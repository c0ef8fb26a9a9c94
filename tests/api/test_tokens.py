"""Tokens that are not good are refused in one shape, and nothing is read or written for them."""

import base64
import json
import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest

from tests.api.people import (
    JWT_SECRET,
    SERVICE_KEY,
    Client,
    code,
    person,
    service,
    token,
)
from tests.support.rig import Rig

SOMEBODY = "00000000-0000-4000-8000-00000000000a"
PAST = int(time.time()) - 3600


def unsigned(**header: Any) -> str:
    """A token with a header of the attacker's and no signature."""
    claims = jwt.decode(token(SOMEBODY), options={"verify_signature": False})
    parts = ({"typ": "JWT", **header}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join([*encoded, b""]).decode()


BAD = {
    "expired": token(SOMEBODY, exp=PAST),
    "without an end": token(SOMEBODY, exp=None),
    "not yet good": token(SOMEBODY, nbf=int(time.time()) + 3600),
    "wrong audience": token(SOMEBODY, aud="anon"),
    "without audience": token(SOMEBODY, aud=None),
    "without person": token(SOMEBODY, sub=None),
    "person is no id": token("ann"),
    "role anon": token(SOMEBODY, role="anon"),
    "role service_role": token(SOMEBODY, role="service_role"),
    "without role": token(SOMEBODY, role=None),
    "other key": token(SOMEBODY, secret="another-secret-of-more-than-thirty-two-bytes"),
    "alg none": unsigned(alg="none"),
    "alg None": unsigned(alg="None"),
    "alg missing": unsigned(),
    "alg RS256": unsigned(alg="RS256", kid="x"),
    "alg HS512": jwt.encode({"sub": SOMEBODY}, JWT_SECRET * 2, "HS512"),
    "cut off": token(SOMEBODY)[:-4],
    "no token at all": "x",
    "service key, and more": SERVICE_KEY + "x",
    "service key, and less": SERVICE_KEY[:-1],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_tokens_are_refused_alike(rig: Rig, bad: str) -> None:
    answer = Client(rig, bad).get("accounts")
    assert code(answer) == (401, "unauthorized")
    assert answer.json()["detail"].startswith("The token is not valid here")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert bad not in answer.text


def test_a_caller_without_a_token_is_told_what_to_send(rig: Rig) -> None:
    answer = Client(rig, None).get("accounts")
    assert code(answer) == (401, "unauthorized")
    assert "Bearer" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Basic x", "Bearer", f"Token {SERVICE_KEY}"])
def test_other_schemes_are_no_tokens(rig: Rig, header: str) -> None:
    answer = httpx.get(f"{rig.url}/api/v1/calendar/accounts", headers={"Authorization": header})
    assert code(answer) == (401, "unauthorized")


def test_a_good_token_opens_its_own_rows(rig: Rig, ann: Client) -> None:
    (account,) = ann.get("accounts").json()["items"]
    assert (account["provider"], account["status"]) == ("google", "active")


def test_a_person_who_names_another_is_refused_whether_that_one_exists_or_not(
    rig: Rig, ann: Client, ann_id: UUID
) -> None:
    ben = person(rig, uuid4())
    refusals = [ben.get("accounts", user_id=str(named)) for named in (ann_id, uuid4())]
    assert [code(answer) for answer in refusals] == [(403, "forbidden")] * 2
    assert refusals[0].json() == refusals[1].json()


def test_the_service_role_says_whom_it_acts_for(rig: Rig, ann_id: UUID) -> None:
    assert code(service(rig).get("accounts")) == (400, "invalid_request")
    assert len(service(rig).get("accounts", user_id=str(ann_id)).json()["items"]) == 1
    assert service(rig).get("accounts", user_id=str(uuid4())).json()["items"] == []


def test_the_issuer_counts_where_it_is_set(rig: Rig, ann_id: UUID) -> None:
    rig.reopen(SUPABASE_JWT_ISSUER="https://project.example/auth/v1")
    other, right = (
        Client(rig, token(ann_id, iss=issuer))
        for issuer in ("https://other.example/auth/v1", "https://project.example/auth/v1")
    )
    assert code(person(rig, ann_id).get("accounts")) == (401, "unauthorized")
    assert code(other.get("accounts")) == (401, "unauthorized")
    assert right.get("accounts").status_code == 200


def test_tokens_are_in_no_log(
    rig: Rig,
    ann_id: UUID,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    planted = [token(ann_id), SERVICE_KEY, *BAD.values()]
    for each in planted:
        Client(rig, each).get("accounts", user_id=str(ann_id))
        Client(rig, each).post("webhooks/renew", {"user_id": str(ann_id)})
    logged = "".join((*capsys.readouterr(), caplog.text))
    assert "get_accounts" in logged
    secrets = [each for each in planted if len(each) > 20]
    assert [each for each in (*secrets, JWT_SECRET) if each in logged] == []


def test_without_a_secret_no_token_is_good(rig: Rig, ann_id: UUID) -> None:
    rig.reopen(SUPABASE_JWT_SECRET="")
    assert code(person(rig, ann_id).get("accounts")) == (401, "unauthorized")
