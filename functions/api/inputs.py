"""From a request to the input of its endpoint; what does not fit is told, fault by fault."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Request
from pydantic import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from functions.api.endpoint import AnyEndpoint
from functions.api.models import Input
from shared.errors import InvalidRequest

MEDIA_TYPE = "application/json"


def read_input(endpoint: AnyEndpoint, request: Request, path: Mapping[str, UUID]) -> Any:
    """Gives the endpoint's input. Raises `InvalidRequest` naming every fault."""
    in_path = {name: str(value) for name, value in path.items()}
    takes: type[Input] = endpoint.takes
    if endpoint.method == "GET":
        given = _query(request)
        return _validated(takes, given, in_path, "parameter")
    if request.args:
        raise InvalidRequest("This takes its input in the body, not in the query")
    return _validated(takes, _body(request), in_path, "pointer")


def _query(request: Request) -> dict[str, Any]:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise InvalidRequest("Say everything once", errors=[_fault("parameter", twice[0], "twice")])
    return request.args.to_dict()


def _body(request: Request) -> dict[str, Any]:
    data = request.get_data()
    if not data:
        return {}
    if request.mimetype != MEDIA_TYPE:
        raise UnsupportedMediaType(f"Send the body as {MEDIA_TYPE}")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is no JSON") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object")
    return body


def _validated(
    takes: type[Input], given: dict[str, Any], in_path: dict[str, str], where: str
) -> Input:
    for name in given.keys() & in_path.keys():
        fault = _fault(where, _place((name,), where), "stands in the path")
        raise InvalidRequest("Say everything once", errors=[fault])
    try:
        return takes.model_validate_json(json.dumps(given | in_path), strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidRequest(
            "The input does not fit; `errors` says where",
            errors=[_fault(where, _place(each["loc"], where), each["msg"]) for each in faults],
        ) from None


def _place(location: tuple[int | str, ...], where: str) -> str:
    """Gives a JSON pointer (RFC 6901) in a body, or the name of a parameter."""
    if where == "parameter":
        return str(location[0]) if location else ""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in location)
    return "#" + "".join(f"/{step}" for step in steps)


def _fault(where: str, place: str, detail: str) -> dict[str, str]:
    return {where: place, "detail": detail.removeprefix("Value error, ")}
