"""Requests to Graph: one mailbox, one session."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.errors import ProviderError
from shared.providers import microsoft_errors
from shared.providers.microsoft_batch import (
    LANES,
    LARGEST_BATCH,
    Json,
    Request,
    Result,
    batch_body,
    batch_results,
    objects,
)
from shared.providers.microsoft_tokens import Credentials, Slots

PAGE = 100
# Immutable ids, so that an event keeps its id when it is moved; and texts as texts, since what
# Outlook makes of a line is kilobytes of HTML.
PREFER = (
    f'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text", '
    f"odata.maxpagesize={PAGE}"
)


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
            self._send(Request("DELETE", self._base_url + path), doing)
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
        for done in self.batches([Request("GET", path) for path in paths], doing):
            for number, result in done.items():
                if not isinstance(result, ProviderError):
                    found[number] = result
                elif result.code == microsoft_errors.NOT_FOUND:
                    found[number] = None
                else:
                    raise result
        return [found[number] for number in range(len(paths))]

    def batches(self, requests: Sequence[Request], doing: str) -> Iterator[dict[int, Result]]:
        """Carries requests out, at most 20 at once; yields what became of them, by place.

        What was left undone, since another request before it failed, goes with the next batch.
        Raises `ProviderError` where a whole batch was refused, or its answer lost.
        """
        left = dict(enumerate(requests))
        while left:
            done = self._some(dict(islice(left.items(), LARGEST_BATCH)), doing)
            left = {number: each for number, each in left.items() if number not in done}
            yield done

    def _some(self, requests: Mapping[int, Request], doing: str) -> dict[int, Result]:
        if len(requests) == 1:
            ((number, request),) = requests.items()
            return {number: self._alone(request, doing)}
        self.api_calls += len(requests) - 1
        body = batch_body(requests, PREFER)
        answer = self._sent("POST", f"{self._base_url}/$batch", doing, body, slots=LANES)
        return batch_results(answer, requests, doing)

    def _alone(self, request: Request, doing: str) -> Result:
        url = self._base_url + request.path
        try:
            response = self._send(replace(request, path=url), doing)
            return {} if request.verb == "DELETE" else _object(response, doing)
        except ProviderError as error:
            return error

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
        request = Request(verb, url, body)
        return _object(self._send(request, doing, has_token=has_token, slots=slots), doing)

    def _send(
        self, request: Request, doing: str, *, has_token: bool = False, slots: int = 1
    ) -> httpx.Response:
        """The answer, after one more attempt if the access token was refused.

        The path of `request` is a whole URL here.
        """
        token = self._credentials.access_token()
        with self._slots.taken(slots), _network(doing):
            response = self._once(request, token)
        if response.status_code == 401:
            token = self._credentials.access_token(refused=token)
            with self._slots.taken(slots), _network(doing):
                response = self._once(request, token)
        if not response.is_success:
            raise microsoft_errors.refusal(
                response.status_code,
                response.headers,
                response.content,
                doing,
                has_token=has_token,
            )
        return response

    def _once(self, request: Request, token: str) -> httpx.Response:
        self.api_calls += 1
        headers = {"Authorization": f"Bearer {token}", **request.headers(PREFER)}
        return self._http.request(request.verb, request.path, json=request.body, headers=headers)


def rows(answer: Mapping[str, Any], doing: str) -> list[Json]:
    """The rows of a page."""
    return objects(answer, "value", doing)


def _object(response: httpx.Response, doing: str) -> Json:
    try:
        answer = response.json()
    except ValueError:
        raise microsoft_errors.unexpected_answer(doing) from None
    if not isinstance(answer, dict):
        raise microsoft_errors.unexpected_answer(doing)
    return answer


@contextmanager
def _network(doing: str) -> Iterator[None]:
    try:
        yield
    except httpx.RequestError as failure:
        # Without the cause: its text holds the URL, hence ids.
        raise microsoft_errors.network_failure(failure, doing) from None
