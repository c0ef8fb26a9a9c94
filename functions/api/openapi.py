"""The OpenAPI 3.1 document, made from the endpoints; nothing in it is written twice."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from functions.api.endpoint import PREFIX, AnyEndpoint
from functions.api.idempotency import HEADER, PATTERN
from functions.api.inputs import MEDIA_TYPE
from functions.problems import MEDIA_TYPE as PROBLEM_TYPE

REF = "#/components/schemas/{model}"
ABOUT = (
    "Send a token of Supabase Auth, or the service-role key, as `Authorization: Bearer <token>`. "
    "A person acts for themselves; the service role names a person in `user_id`. Lists come page "
    "by page: `next_cursor` of one is `cursor` of the next. Errors are problem documents "
    "(RFC 9457) whose `code` is stable."
)

ANSWERS = {
    400: "The input does not fit",
    401: "No token, or none that is valid here",
    403: "Somebody else's",
    404: "No such thing",
    409: "It cannot be done as things stand",
    413: "The body is too large",
    415: "The body is no JSON",
    422: "The Idempotency-Key was used for another request",
    429: "Too many requests",
    503: "The database, or a provider, cannot be reached now",
}

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What is wrong, and what to do (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable: decide by this."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Each fault: where (`parameter` or `pointer`) and what (`detail`).",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
}


def openapi_document(endpoints: Iterable[AnyEndpoint]) -> dict[str, Any]:
    """Gives the document for these endpoints."""
    listed = list(endpoints)
    schemas, inputs = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        operations = paths.setdefault(f"{PREFIX}/{endpoint.path}", {})
        operations[endpoint.method.lower()] = _operation(endpoint, inputs[endpoint.takes])
    return {
        "openapi": "3.1.0",
        "info": {"title": "CalSync", "version": "1", "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas | {"Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schemas(endpoints: list[AnyEndpoint]) -> tuple[dict[str, Any], dict[type, dict[str, Any]]]:
    """Gives the shared schemas, and the schema of every input."""
    gives = {endpoint.gives for endpoint in endpoints}
    refs, definitions = models_json_schema(
        [(model, "serialization") for model in gives], ref_template=REF
    )
    del refs
    inputs = {
        endpoint.takes: endpoint.takes.model_json_schema(ref_template=REF) for endpoint in endpoints
    }
    return definitions.get("$defs", {}), inputs


def _operation(endpoint: AnyEndpoint, takes: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.path.split("/")[0]],
        "parameters": [*_parameters(endpoint, takes)],
        "responses": _responses(endpoint),
    }
    if endpoint.method != "GET":
        operation["requestBody"] = _request_body(endpoint, takes)
    return operation


def _parameters(endpoint: AnyEndpoint, takes: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for name, schema in takes["properties"].items():
        place = "path" if name in endpoint.path_fields else "query"
        if place == "path" or endpoint.method == "GET":
            yield {
                "name": name,
                "in": place,
                "required": place == "path" or name in takes.get("required", ()),
                "description": schema.get("description", ""),
                "schema": _never_null(schema),
            }
    if endpoint.creates:
        yield {
            "name": HEADER,
            "in": "header",
            "description": "Repeated with the same key, the request is answered and not redone.",
            "schema": {"type": "string", "pattern": PATTERN},
        }


def _never_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the schema of a parameter: what is optional is left out, never null."""
    kept = {key: value for key, value in schema.items() if key not in ("description", "title")}
    if kept.get("default", ...) is None:
        del kept["default"]
    options = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
    return {**(options[0] if options else {}), **kept}


def _request_body(endpoint: AnyEndpoint, takes: Mapping[str, Any]) -> dict[str, Any]:
    in_path = endpoint.path_fields
    fields = {name: each for name, each in takes["properties"].items() if name not in in_path}
    required = [name for name in takes.get("required", ()) if name not in in_path]
    schema = {**takes, "properties": fields, "required": required}
    return {"required": bool(required), "content": {MEDIA_TYPE: {"schema": schema}}}


def _responses(endpoint: AnyEndpoint) -> dict[str, Any]:
    answer = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=_name_of(endpoint.gives))}}}
    good = {str(endpoint.status): {"description": endpoint.summary, "content": answer}}
    problem = {PROBLEM_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
    return good | {
        str(status): {"description": ANSWERS[status], "content": problem}
        for status in _refusals(endpoint)
    }


def _refusals(endpoint: AnyEndpoint) -> list[int]:
    statuses = {400, 401, 403, 429, 503}
    if endpoint.path_fields or "calendar_id" in endpoint.takes.model_fields:
        statuses.add(404)
    if endpoint.method != "GET":
        statuses |= {404, 413, 415}
    if endpoint.creates:
        statuses |= {409, 422}
    if endpoint.refuses:
        statuses.add(409)
    return sorted(statuses)


def _name_of(model: type) -> str:
    return model.__name__.replace("[", "_").replace("]", "_")
