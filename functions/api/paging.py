"""Lists, page by page: stable under inserts, since a cursor is the key of the last row."""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field

from functions.api.endpoint import Call
from functions.api.models import WHOLE_NUMBER, Input, Output
from shared.db.rows import decode
from shared.decide.cursor import read_cursor, write_cursor

T = TypeVar("T", bound=Output)


class PageInput(Input):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=500, description="Rows at most."), WHOLE_NUMBER] = 50
    cursor: Annotated[
        str | None,
        Field(
            description="`next_cursor` of the page before.",
            json_schema_extra={"format": "cursor"},
        ),
    ] = None


class Page(Output, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


def page_of(
    call: Call, shape: type[T], listed: str, keys: Mapping[str, Any], given: PageInput, **more: Any
) -> Page[T]:
    """Gives a page from the SQL function `listed`, which sorts by `keys` (column: type)."""
    after: tuple[Any, ...] = ()
    if given.cursor is not None:
        after = read_cursor(listed, tuple(keys.values()), given.cursor)
    rows = call.service.database.call(
        listed,
        user_id=call.user_id,
        limit=given.limit + 1,
        **{f"after_{key}": value for key, value in zip(keys, after, strict=False)},
        **more,
    )
    items = [decode(shape, row) for row in rows[: given.limit]]
    if len(rows) <= given.limit:
        return Page[T](items=items, next_cursor=None)
    last = rows[given.limit - 1]
    return Page[T](items=items, next_cursor=write_cursor(listed, [last[key] for key in keys]))
