"""The discovery document of Calendar v3 as JSON Schema, and a client that checks answers by it."""

import json
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.http import HttpRequest
from jsonschema import Draft202012Validator, FormatChecker

from tests.support.google_emulator import GoogleEmulator

Json = dict[str, Any]
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date", ValueError)
def _is_date(value: Any) -> bool:
    return bool(date.fromisoformat(value))


@FORMATS.checks("date-time", ValueError)
def _is_moment(value: Any) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("int64", ValueError)
def _is_int64(value: Any) -> bool:
    return isinstance(value, int) or str(int(value)) == value


@lru_cache(maxsize=1)
def document() -> Json:
    """The document that google-api-python-client ships."""
    folder = resources.files("googleapiclient.discovery_cache.documents")
    return dict(json.loads((folder / "calendar.v3.json").read_text()))


def json_schema(node: Json) -> Json:
    """One discovery schema as JSON Schema; properties it does not name are forbidden."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    kind = node.get("type")
    if kind == "any":
        return {}
    if kind == "array":
        return {"type": "array", "items": json_schema(node["items"])}
    if kind != "object":
        return {key: node[key] for key in ("type", "format", "enum") if key in node}
    schema: Json = {"type": "object", "additionalProperties": False}
    if "properties" in node:
        schema["properties"] = {k: json_schema(v) for k, v in node["properties"].items()}
    if "additionalProperties" in node:
        schema["additionalProperties"] = json_schema(node["additionalProperties"])
    return schema


@lru_cache(maxsize=64)
def validator(name: str) -> Draft202012Validator:
    """The validator of one named schema."""
    definitions = {key: json_schema(node) for key, node in document()["schemas"].items()}
    schema = {"$ref": f"#/$defs/{name}", "$defs": definitions}
    return Draft202012Validator(schema, format_checker=FORMATS)


@lru_cache(maxsize=64)
def answer_schema(method_id: str) -> str | None:
    """The schema name of a method's answer, e.g. for `calendar.events.list`."""
    _, resource, method = method_id.split(".")
    response = document()["resources"][resource]["methods"][method].get("response")
    return response["$ref"] if response else None


def check(method_id: str, answer: Any) -> None:
    """Fail if an answer is not what the discovery document promises."""
    name = answer_schema(method_id)
    if name is None:
        assert answer in ("", b"")
        return
    problems = [problem.message for problem in validator(name).iter_errors(answer)]
    assert problems == [], f"{method_id}: {problems}"


class CheckedRequest(HttpRequest):
    """Every answer is validated against the discovery document."""

    def execute(self, http: Any = None, num_retries: int = 0) -> Any:
        """The answer, checked."""
        answer = super().execute(http=http, num_retries=num_retries)
        check(self.methodId, answer)
        return answer


def service(google: GoogleEmulator, email: str, **token: Any) -> Any:
    """The real client, signed in as `email`, with checked answers."""
    tokens = token or google.tokens(email)
    credentials = Credentials(
        token=tokens.get("access_token"),
        refresh_token=tokens.get("refresh_token"),
        token_uri=google.token_url,
        client_id=google.client_id,
        client_secret=google.client_secret,
    )
    return build(
        "calendar",
        "v3",
        credentials=credentials,
        static_discovery=True,
        client_options={"api_endpoint": google.api_url},
        requestBuilder=CheckedRequest,
    )
