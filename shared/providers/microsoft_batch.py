"""Requests to Graph that travel together (graph/json-batching): each is judged alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import ProviderError
from shared.providers import microsoft_errors

LARGEST_BATCH = 20
# Of the requests in a batch, as many are carried out at once; an account may have two leases.
LANES = 2

Json = dict[str, Any]
Result = Json | ProviderError
"""What became of a request: the resource, empty for one that was deleted, or the refusal."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `path` is relative to the version. `if_match`: only of this version."""

    verb: str
    path: str
    body: Json | None = None
    if_match: str | None = None

    def headers(self, prefer: str) -> dict[str, str]:
        """All of its headers that are not about the connection."""
        matching = {"If-Match": self.if_match} if self.if_match else {}
        return {"Prefer": prefer, **matching}


def batch_body(requests: Mapping[int, Request], prefer: str) -> Json:
    """The body of a $batch, each request after the one that is two ahead.

    Requests that wait for none run side by side, and a mailbox refuses more than four.
    """
    numbers = list(requests)
    return {
        "requests": [
            {
                "id": str(number),
                **_inner(requests[number], prefer),
                **({"dependsOn": [str(numbers[place - LANES])]} if place >= LANES else {}),
            }
            for place, number in enumerate(numbers)
        ]
    }


def batch_results(
    answer: Mapping[str, Any], requests: Mapping[int, Request], doing: str
) -> dict[int, Result]:
    """What became of each request, by its number.

    Those that were left undone, since the one that they waited for failed, are not there.
    """
    found: dict[int, Result] = {}
    for part in objects(answer, "responses", doing):
        number = _number(part, requests, doing)
        if part.get("status") != 424:
            found[number] = _result(part, requests[number], doing)
    if not found:
        raise microsoft_errors.unexpected_answer(doing)
    return found


def objects(answer: Mapping[str, Any], name: str, doing: str) -> list[Json]:
    """The JSON objects in a list; `Retry` if it is none."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise microsoft_errors.unexpected_answer(doing)
    return found


def _inner(request: Request, prefer: str) -> Json:
    headers = request.headers(prefer)
    said: Json = {"method": request.verb, "url": request.path, "headers": headers}
    if request.body is None:
        return said
    return said | {"headers": headers | {"Content-Type": "application/json"}, "body": request.body}


def _number(part: Json, requests: Mapping[int, Request], doing: str) -> int:
    named = str(part.get("id"))
    found = next((number for number in requests if str(number) == named), None)
    if found is None:
        raise microsoft_errors.unexpected_answer(doing)
    return found


def _result(part: Json, request: Request, doing: str) -> Result:
    status, body = int(part.get("status") or 500), part.get("body")
    if not 200 <= status < 300:
        headers = {name.lower(): str(value) for name, value in (part.get("headers") or {}).items()}
        return microsoft_errors.refusal(status, headers, body or {}, doing)
    if request.verb == "DELETE":
        return {}
    return body if isinstance(body, dict) else microsoft_errors.unexpected_answer(doing)
