"""The one door to Postgres: call a SQL function, read a view. Two transports implement it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = Mapping[str, Any]
"""One row as JSON gives it: text, numbers, booleans, null, arrays, objects; times in ISO 8601."""


class Database(Protocol):
    """What `direct` (psycopg) and `rest` (PostgREST) both do, row for row the same.

    Errors: `LeaseLost` for SQLSTATE CS001, `Refused` for any other refusal of the database
    (the message is the database's own), `DatabaseUnavailable` when it cannot be reached.
    """

    def call(self, function: str, **arguments: Any) -> Sequence[Row]:
        """Calls a SQL function: `worker=1` is its parameter `p_worker`. One transaction.

        Arguments: text, numbers, booleans, None, UUID, aware datetimes; lists and mappings
        become jsonb. A function that returns void gives no rows.
        """
        ...

    def read(
        self,
        view: str,
        *,
        where: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Row]:
        """Reads rows of a view or table.

        `where` keeps rows whose columns equal the values (None: is null), `after` those greater
        than the values (keyset paging), `order` names columns ("-name" descends).
        """
        ...

    def close(self) -> None:
        """Gives connections back. The database cannot be used afterwards."""
        ...
