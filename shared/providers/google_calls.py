"""Sends requests to Google, alone or many in one, and tells what was answered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import google_auth_httplib2
import httplib2
from googleapiclient.errors import BatchError, HttpError
from googleapiclient.http import BatchHttpRequest

from shared.errors import ProviderError
from shared.providers import google_errors
from shared.providers.google_http import CountedHttp
from shared.providers.google_tokens import AccountCredentials

# Google takes 1000 (guides/batch). All of a batch is lost with its connection, and waited for.
LARGEST_BATCH = 50
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Google said to one request: its JSON object, empty if there is none, or a refusal."""

    status: int
    body: Mapping[str, Any]
    error: ProviderError | None = None


class Calls:
    """Carries the requests of one session. `made` counts them, each of a batch by itself.

    Nothing is asked twice here: retries are the scheduler's. Only httplib2 sends a request once
    more by itself where a connection turns out to be closed; each of ours can bear that.
    """

    def __init__(self, api_url: str, credentials: AccountCredentials, http: httplib2.Http) -> None:
        self.made = 0
        self._batch_url = batch_url(api_url)
        self._raw_http = http
        self._http = google_auth_httplib2.AuthorizedHttp(
            credentials, http=CountedHttp(http, self._count), max_refresh_attempts=1
        )

    def ask(self, request: Any) -> dict[str, Any]:
        """The JSON object that is answered. Raises a `ProviderError`."""
        answer = self.send(request)
        if not isinstance(answer, dict):
            raise google_errors.unexpected_answer(request.methodId)
        return answer

    def send(self, request: Any) -> object:
        """The decoded answer."""
        try:
            return request.execute(http=self._http, num_retries=0)
        except BaseException as failure:
            self._hang_up(failure, request.methodId)
            raise

    def answers(self, requests: Sequence[Any]) -> list[Answer]:
        """The answer to each of up to `LARGEST_BATCH` requests, in their order.

        Raises a `ProviderError` where none was answered, or where that cannot be told.
        """
        if len(requests) == 1:
            return [self._answer(requests[0])]
        found: dict[str, Answer] = {}
        batch = BatchHttpRequest(batch_uri=self._batch_url)
        for number, request in enumerate(requests):
            request.postproc = _undecoded
            batch.add(
                request,
                request_id=str(number),
                callback=lambda name, answer, refusal, method=request.methodId: found.update(
                    {name: _judged(method, answer, refusal)}
                ),
            )
        try:
            batch.execute(http=self._http)
        except BaseException as failure:
            self._hang_up(failure, BATCH)
            if isinstance(failure, (LookupError, ValueError, TypeError, AttributeError)):
                # What the library makes of a body that is no batch's.
                raise google_errors.unexpected_answer(BATCH) from None
            raise
        return [found[str(number)] for number in range(len(requests))]

    def _answer(self, request: Any) -> Answer:
        method, request.postproc = request.methodId, _undecoded
        try:
            answer = request.execute(http=self._http, num_retries=0)
        except HttpError as refusal:
            return _judged(method, None, refusal)
        except BaseException as failure:
            self._hang_up(failure, method)
            raise
        return _judged(method, answer, None)

    def _hang_up(self, failure: BaseException, doing: str) -> None:
        """Raises what a failure of the outside world means.

        After an interrupt, httplib2 would take the late answer for that to the next request, which
        may be another account's.
        """
        self._raw_http.close()
        if isinstance(failure, BatchError):
            raise google_errors.unexpected_answer(doing) from None
        if isinstance(failure, google_errors.FAILURES):
            # Without the cause: its text holds the URL, hence the calendar's address.
            raise google_errors.provider_error(failure, doing) from None

    def _count(self, calls: int) -> None:
        self.made += calls


def batch_url(api_url: str) -> str:
    """Where batches go: beside the API, as the discovery document's `batchPath` says."""
    root = api_url.rstrip("/").removesuffix("calendar/v3").rstrip("/")
    return f"{root}/batch/calendar/v3"


Undecoded = tuple[httplib2.Response, bytes]


def _undecoded(response: httplib2.Response, content: bytes) -> Undecoded:
    """Instead of the library's decoding, which ends the whole batch over one broken part."""
    return response, content


def _judged(method: str, answer: Undecoded | None, refusal: HttpError | None) -> Answer:
    if answer is None:
        assert refusal is not None
        return Answer(refusal.resp.status, {}, google_errors.provider_error(refusal, method))
    response, content = answer
    try:
        body = json.loads(content) if content.strip() else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Answer(response.status, {}, google_errors.unexpected_answer(method))
    return Answer(response.status, body)
