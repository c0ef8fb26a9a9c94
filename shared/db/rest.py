"""The REST transport: the supabase client, for deployments that have a URL and a key only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
from postgrest import APIError, CountMethod, SyncSelectRequestBuilder
from supabase import ClientOptions, SupabaseException, create_client

from shared.db.database import Row
from shared.db.refusal import refusal
from shared.errors import ConfigurationError, DatabaseUnavailable, Refused


class RestDatabase:
    """Talks to PostgREST as the service role. Threads may share it.

    `url` is the project's (`SUPABASE_URL`), `key` its service-role key, `timeout` in seconds.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0) -> None:
        self._http = httpx.Client(
            timeout=timeout, event_hooks={"response": [_refuse_answers_of_others]}
        )
        options = ClientOptions(
            httpx_client=self._http,
            auto_refresh_token=False,
            persist_session=False,
            # Whoever calls us decides whether and when to try again.
            postgrest_client_retry=False,
        )
        try:
            self._rest = create_client(url, key, options).postgrest
        except SupabaseException as error:
            raise ConfigurationError(f"SUPABASE_URL and its key: {error}") from error

    def call(self, function: str, **arguments: Any) -> Sequence[Row]:
        """See `Database.call`."""
        body = {f"p_{name}": value for name, value in arguments.items()}
        with _translated_errors():
            data: Any = self._rest.rpc(function, body).execute().data
        rows = [data] if isinstance(data, Mapping) else data if isinstance(data, list) else []
        return [row for row in rows if isinstance(row, Mapping)]

    def read(
        self,
        view: str,
        *,
        where: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Row]:
        """See `Database.read`.

        The server may cut an answer (`max_rows`), so the rest is asked for page by page, in the
        order given and then by all other columns, which makes it total. Pages are separate
        transactions: what is written between them may show up or not.
        """
        rows, wanted = self._page(view, where, after, order, 0, limit)
        if len(rows) >= wanted or not rows:
            return rows
        order = _total(order, rows[0])
        rows = []
        while len(rows) < wanted:
            page, _ = self._page(view, where, after, order, len(rows), wanted - len(rows))
            if not page:
                break
            rows += page
        return rows

    def close(self) -> None:
        """See `Database.close`."""
        self._http.close()

    def _page(
        self,
        view: str,
        where: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        order: Sequence[str],
        offset: int,
        limit: int | None,
    ) -> tuple[list[Row], int]:
        """The rows from `offset` on, and how many are wanted in all: `limit`, or what there is."""
        count = CountMethod.exact if limit is None else None
        query = _ordered(
            _filtered(self._rest.table(view).select("*", count=count), where or {}, after or {}),
            order,
        )
        if limit is not None:
            query = query.range(offset, offset + limit - 1)
        with _translated_errors():
            answer = query.execute()
        rows: Any = answer.data
        return rows, limit if limit is not None else answer.count or 0


def _filtered(
    query: SyncSelectRequestBuilder, where: Mapping[str, Any], after: Mapping[str, Any]
) -> SyncSelectRequestBuilder:
    for column, value in where.items():
        query = query.is_(column, None) if value is None else query.eq(column, _text(value))
    for column, value in after.items():
        query = query.gt(column, _text(value))
    return query


def _ordered(query: SyncSelectRequestBuilder, order: Sequence[str]) -> SyncSelectRequestBuilder:
    for column in order:
        query = query.order(column.removeprefix("-"), desc=column.startswith("-"))
    return query


def _total(order: Sequence[str], row: Row) -> list[str]:
    named = {column.removeprefix("-") for column in order}
    return [*order, *(column for column in row if column not in named)]


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise refusal(error.code, error.message or str(error)) from error
    except httpx.RequestError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error}") from error
    except UnicodeEncodeError as error:
        raise Refused(f"Text that is not Unicode: {error}") from error


def _refuse_answers_of_others(response: httpx.Response) -> None:
    """A gateway's error page, or a login page, is not an answer of the database."""
    response.read()
    if not response.content:
        return
    if "json" not in response.headers.get("content-type", "") or (
        response.is_server_error and "code" not in response.json()
    ):
        raise DatabaseUnavailable(
            f"The database cannot be reached: {response.request.url.host} answered "
            f"{response.status_code} {response.reason_phrase}"
        )
