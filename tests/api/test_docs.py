"""The document and its page: served, whole, and without anything from outside."""

import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from functions.api.openapi import openapi_document
from functions.api.routes import ENDPOINTS
from tests.api.people import PROBLEM, Client
from tests.support.rig import Rig

DOCUMENT = openapi_document(ENDPOINTS)
#: As FEATURES lists them, below /api/v1/calendar.
PROMISED = {
    "post real-time-sync/enable",
    "post real-time-sync/disable",
    "get real-time-sync/status",
    "post webhooks/renew",
    "get sync/health",
    "get sync-logs",
    "post webhook/stop/{user_id}",
    "post webhook/recreate/{user_id}",
    "post webhook/verify/{user_id}",
    "post webhook/test/{user_id}",
    "post webhook/auto-fix/{user_id}",
    "get webhook/health/{user_id}",
    "get webhook/metrics/{user_id}",
    "get monitoring/health/{user_id}",
    "get monitoring/alerts/{user_id}",
    "post monitoring/alerts/{alert_id}/resolve",
    "get accounts",
    "get calendars",
    "get calendars/{calendar_id}/settings",
    "patch calendars/{calendar_id}/settings",
    "post calendars/{calendar_id}/reset",
    "get calendars/{calendar_id}/explain",
    "get events",
    "get free-busy",
    "get meetings",
}


def test_what_is_promised_is_there() -> None:
    listed = {
        f"{method} {path.removeprefix('/api/v1/calendar/')}"
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert listed >= PROMISED


def test_the_served_document_is_the_one_that_is_tested(rig: Rig) -> None:
    assert httpx.get(f"{rig.url}/api/v1/openapi.json").json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_schema_is_one_and_every_reference_leads_to_one() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {ref.rpartition("/")[2] for ref in references(DOCUMENT)} <= schemas.keys()


def references(value: Any) -> set[str]:
    """Every $ref in a document."""
    if isinstance(value, list):
        return {ref for each in value for ref in references(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own | references(list(value.values()))


def test_the_page_shows_every_operation_and_loads_nothing(rig: Rig) -> None:
    answer = httpx.get(f"{rig.url}/api/v1/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not [path for path in DOCUMENT["paths"] if path not in answer.text]
    assert re.search(r"<script|\bon\w+=|src=|@import|url\(", answer.text) is None


def test_answers_are_for_their_caller_alone(ann: Client) -> None:
    headers = ann.get("accounts").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"user_id": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_unfit_bodies_are_refused(
    ann: Client, content: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type}
    answer = ann.request("POST", "webhooks/renew", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


def test_a_body_says_things_once(ann: Client, ann_id: Any) -> None:
    answer = ann.post(f"webhook/recreate/{ann_id}", {"user_id": str(ann_id)})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": "#/user_id", "detail": "stands in the path"}]
    assert ann.request("POST", "webhooks/renew?calendar_id=x", json={}).status_code == 400
