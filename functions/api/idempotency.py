"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): what was done is not done twice."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from functions.api.endpoint import AnyEndpoint, Call
from functions.api.models import Input, Output
from shared.errors import Busy, InvalidRequest, KeyReused

HEADER = "Idempotency-Key"
PATTERN = "^[A-Za-z0-9._:-]{1,200}$"


def read_key(endpoint: AnyEndpoint, header: str | None) -> str | None:
    """Gives the key where the endpoint creates something and the caller sent one."""
    if not endpoint.creates or header is None:
        return None
    if not re.fullmatch(PATTERN[1:-1], header):
        raise InvalidRequest(f"{HEADER} takes 1 to 200 letters, digits and . _ : -")
    return header


def once(call: Call, endpoint: AnyEndpoint, given: Input, act: Callable[[], Output]) -> Any:
    """Acts, or gives the JSON that the first request with this key was answered.

    Raises `KeyReused` where that was another request, `Busy` while it is at work. A request that
    fails frees its key.
    """
    key = call.idempotency_key
    if key is None:
        return act().model_dump(mode="json")
    database = call.service.database
    mine = {"user_id": call.user_id, "key": key}
    known = database.call("begin_request", fingerprint=_fingerprint(endpoint, given), **mine)
    if known:
        return _replayed(known[0]["state"], known[0]["answer"])
    try:
        answer = act().model_dump(mode="json")
    except BaseException:
        database.call("forget_request", **mine)
        raise
    database.call("finish_request", status=endpoint.status, answer=answer, **mine)
    return answer


def _replayed(state: str, answer: Any) -> Any:
    if state == "other":
        raise KeyReused
    if state == "running":
        raise Busy
    return answer


def _fingerprint(endpoint: AnyEndpoint, given: Input) -> str:
    text = json.dumps([endpoint.name, given.model_dump(mode="json")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
