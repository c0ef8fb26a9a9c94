"""Who asks too often waits; others do not."""

from uuid import uuid4

import httpx

from tests.api.people import API, Client, code, person
from tests.support.rig import Rig


def test_a_caller_who_asks_too_often_waits_and_others_do_not(rig: Rig) -> None:
    rig.reopen(API_RATE_LIMIT="3 per hour")
    one, other = person(rig, uuid4()), person(rig, uuid4())
    assert [one.get("accounts").status_code for _ in range(3)] == [200] * 3
    refused = one.get("accounts")
    assert code(refused) == (429, "rate_limited")
    assert refused.headers["Retry-After"] == "3600"
    assert other.get("accounts").status_code == 200


def test_an_address_that_is_refused_too_often_waits(rig: Rig) -> None:
    rig.reopen(REFUSED_RATE_LIMIT="3 per hour")
    stranger, ann = Client(rig, "forged"), person(rig, uuid4())
    assert [ann.get("accounts").status_code for _ in range(5)] == [200] * 5
    assert [stranger.get("accounts").status_code for _ in range(3)] == [401] * 3
    assert code(stranger.get("accounts")) == (429, "rate_limited")


def test_a_provider_is_told_to_come_again(rig: Rig) -> None:
    """429 would be final for Google."""
    rig.reopen(REFUSED_RATE_LIMIT="2 per hour")
    url = f"{rig.url}/webhooks/google/{uuid4()}/"
    assert [httpx.post(url).status_code for _ in range(3)][2] == 503


def test_addresses_are_told_apart_behind_a_trusted_proxy(rig: Rig) -> None:
    rig.reopen(REFUSED_RATE_LIMIT="1 per hour", TRUSTED_PROXIES="1")
    url = f"{rig.url}{API}/accounts"
    asked = ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.9, 10.0.0.1")
    answers = [httpx.get(url, headers={"X-Forwarded-For": each}).status_code for each in asked]
    assert answers == [401, 429, 401, 429]


def test_without_a_proxy_nobody_chooses_their_address(rig: Rig) -> None:
    rig.reopen(REFUSED_RATE_LIMIT="1 per hour")
    url = f"{rig.url}{API}/accounts"
    asked = ("10.0.0.1", "10.0.0.2")
    answers = [httpx.get(url, headers={"X-Forwarded-For": each}).status_code for each in asked]
    assert answers == [401, 429]
