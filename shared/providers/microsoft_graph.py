"""Requests to Graph: one mailbox, one session."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.errors import ProviderError
from shared.providers import microsoft_errors
from shared.providers.microsoft_tokens import Credentials, Slots

PAGE = 100
# Immutable ids, so that an event keeps its id when it is moved; and texts as texts, since what
# Outlook makes of a line is kilobytes of HTML.
PREFER = (
    f'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text", '
    f"odata.maxpagesize={PAGE}"
)
LARGEST_BATCH = 20
# Of the requests in a batch, as many are carried out at once; an account may have two leases.
LANES = 2

Json = dict[str, Any]


class Graph:
    """Graph on behalf of one account; `api_calls` counts requests, those in batches one by one."""

    def __init__(
        self, base_url: str, http: httpx.Client, credentials: Credentials, slots: Slots
    ) -> None:
        """`base_url` ends with the version and has no trailing slash."""
        self.api_calls = 0
        self._base_url = base_url
        self._http = http
        self._credentials = credentials
        self._slots = slots

    def get(self, path: str, doing: str) -> Json:
        """Gives one resource; `path` is relative to the version and its parts are quoted."""
        return self._sent("GET", self._base_url + path, doing)

    def post(self, path: str, body: Json, doing: str) -> Json:
        """Makes a resource and gives it."""
        return self._sent("POST", self._base_url + path, doing, body)

    def patch(self, path: str, body: Json, doing: str) -> Json:
        """Changes a resource and gives it."""
        return self._sent("PATCH", self._base_url + path, doing, body)

    def delete(self, path: str, doing: str) -> None:
        """Deletes a resource; one that is gone already counts as deleted."""
        try:
            self._send("DELETE", self._base_url + path, doing, None, has_token=False)
        except ProviderError as error:
            if error.code != microsoft_errors.NOT_FOUND:
                raise

    def follow(self, link: str, doing: str) -> Json:
        """Gives what a nextLink or deltaLink names.

        Raises `ResyncFully` when its token died. Links of other hosts are not followed: they
        would be told the access token.
        """
        if urlsplit(link)[:2] != urlsplit(self._base_url)[:2]:
            raise microsoft_errors.unexpected_answer(doing)
        return self._sent("GET", link, doing, has_token=True)

    def every(self, path: str, doing: str) -> Iterator[Json]:
        """Yields the rows of a collection, page by page."""
        answer = self.get(path, doing)
        while True:
            yield from rows(answer, doing)
            link = answer.get("@odata.nextLink")
            if link is None:
                return
            answer = self.follow(str(link), doing)

    def get_each(self, paths: Sequence[str], doing: str) -> list[Json | None]:
        """Gives resources in the order of their paths, None for those that are not there."""
        found: dict[int, Json | None] = {}
        while missing := [n for n in range(len(paths)) if n not in found]:
            found |= self._some({n: paths[n] for n in missing[:LARGEST_BATCH]}, doing)
        return [found[n] for n in range(len(paths))]

    def _some(self, paths: Mapping[int, str], doing: str) -> dict[int, Json | None]:
        if len(paths) > 1:
            return self._batch(paths, doing)
        ((number, path),) = paths.items()
        try:
            return {number: self.get(path, doing)}
        except ProviderError as error:
            if error.code != microsoft_errors.NOT_FOUND:
                raise
            return {number: None}

    def _batch(self, paths: Mapping[int, str], doing: str) -> dict[int, Json | None]:
        """One $batch; what it left undone (its forerunner was not found) is simply not answered."""
        self.api_calls += len(paths) - 1
        answer = self._sent(
            "POST", f"{self._base_url}/$batch", doing, {"requests": _lanes(paths)}, slots=LANES
        )
        found: dict[int, Json | None] = {}
        for part in _objects(answer, "responses", doing):
            status, body = part.get("status"), part.get("body")
            if status == 200 and isinstance(body, dict):
                found[int(part["id"])] = body
            elif status == 404:
                found[int(part["id"])] = None
            elif status != 424:
                headers = {name.lower(): str(v) for name, v in (part.get("headers") or {}).items()}
                raise microsoft_errors.refusal(int(status or 500), headers, body or {}, doing)
        if not found:
            raise microsoft_errors.unexpected_answer(doing)
        return found

    def _sent(
        self,
        verb: str,
        url: str,
        doing: str,
        body: Json | None = None,
        *,
        has_token: bool = False,
        slots: int = 1,
    ) -> Json:
        response = self._send(verb, url, doing, body, has_token=has_token, slots=slots)
        try:
            answer = response.json()
        except ValueError:
            raise microsoft_errors.unexpected_answer(doing) from None
        if not isinstance(answer, dict):
            raise microsoft_errors.unexpected_answer(doing)
        return answer

    def _send(
        self,
        verb: str,
        url: str,
        doing: str,
        body: Json | None,
        *,
        has_token: bool,
        slots: int = 1,
    ) -> httpx.Response:
        """The answer, after one more attempt if the access token was refused."""
        token = self._credentials.access_token()
        with self._slots.taken(slots), _network(doing):
            response = self._once(verb, url, body, token)
        if response.status_code == 401:
            token = self._credentials.access_token(refused=token)
            with self._slots.taken(slots), _network(doing):
                response = self._once(verb, url, body, token)
        if not response.is_success:
            raise microsoft_errors.refusal(
                response.status_code,
                response.headers,
                response.content,
                doing,
                has_token=has_token,
            )
        return response

    def _once(self, verb: str, url: str, body: Json | None, token: str) -> httpx.Response:
        self.api_calls += 1
        headers = {"Authorization": f"Bearer {token}", "Prefer": PREFER}
        return self._http.request(verb, url, json=body, headers=headers)


def rows(answer: Mapping[str, Any], doing: str) -> list[Json]:
    """The rows of a page."""
    return _objects(answer, "value", doing)


def _objects(answer: Mapping[str, Any], name: str, doing: str) -> list[Json]:
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise microsoft_errors.unexpected_answer(doing)
    return found


def _lanes(paths: Mapping[int, str]) -> list[Json]:
    """The requests of a batch, each after the one that is two ahead.

    Requests that wait for none run side by side, and a mailbox refuses more than four.
    """
    numbers = list(paths)
    return [
        {
            "id": str(number),
            "method": "GET",
            "url": paths[number],
            "headers": {"Prefer": PREFER},
            **({"dependsOn": [str(numbers[place - LANES])]} if place >= LANES else {}),
        }
        for place, number in enumerate(numbers)
    ]


@contextmanager
def _network(doing: str) -> Iterator[None]:
    try:
        yield
    except httpx.RequestError as failure:
        # Without the cause: its text holds the URL, hence ids.
        raise microsoft_errors.network_failure(failure, doing) from None
