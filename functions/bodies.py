"""Strict request bodies: a JSON object with known keys, or a clear refusal."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Request

from shared.errors import InvalidRequest


def json_object(request: Request, allowed: set[str]) -> Mapping[str, Any]:
    """Gives the body as a JSON object (an empty body is {}); unknown keys are refused."""
    if not request.get_data(cache=True):
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object")
    unknown = sorted(set(body) - allowed)
    if unknown:
        raise InvalidRequest(
            f"Unknown key {unknown[0]!r}; known are: {', '.join(sorted(allowed)) or 'none'}"
        )
    return body


def optional_uuid(body: Mapping[str, Any], name: str) -> UUID | None:
    """Gives a UUID, or None where the key is absent or null."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        raise InvalidRequest(f"{name} must be a UUID") from None


def required_uuid(body: Mapping[str, Any], name: str) -> UUID:
    """Gives a UUID."""
    value = optional_uuid(body, name)
    if value is None:
        raise InvalidRequest(f'{name} is missing: send {{"{name}": "<uuid>"}}')
    return value


def optional_flag(body: Mapping[str, Any], name: str) -> bool:
    """Gives a boolean, False where the key is absent."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false")
    return value
