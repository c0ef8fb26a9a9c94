"""Turns rows into the body of an answer, inside Postgres, as PostgREST does.

Every statement built here gives one row with the columns of `session.Outcome`.
"""

from dataclasses import dataclass

from emulator.rest.media import Representation
from emulator.rest.sql import Fragment, joined, raw, value


@dataclass(frozen=True)
class Presentation:
    """`work` produces rows, `view` picks what is shown of them, `total` counts all there are."""

    work: Fragment
    view: Fragment
    representation: Representation | None
    total: Fragment | None = None
    scalar: bool = False
    single: bool = False
    inserted: Fragment | None = None
    location_of: tuple[str, ...] = ()


def statement(wanted: Presentation) -> Fragment:
    counted = raw("")
    if wanted.total is not None:
        counted = raw(", pgrst_source_count AS (") + wanted.total + raw(")")
    columns = joined(
        ", ",
        [
            _body(wanted) + raw(" AS body"),
            raw("1" if wanted.single else "count(_postgrest_t)") + raw(" AS rows"),
            _total(wanted) + raw(" AS total"),
            (wanted.inserted or raw("NULL")) + raw(" AS inserted"),
            _location(wanted.location_of) + raw(" AS location"),
            raw("nullif(current_setting('response.status', true), '') AS status"),
            raw("nullif(current_setting('response.headers', true), '') AS headers"),
        ],
    )
    return (
        (raw("WITH pgrst_source AS (") + wanted.work + raw(")") + counted)
        + (raw(" SELECT ") + columns)
        + (raw(" FROM (") + wanted.view + raw(") _postgrest_t"))
    )


def _total(wanted: Presentation) -> Fragment:
    return raw("NULL" if wanted.total is None else "(SELECT count(*) FROM pgrst_source_count)")


def _body(wanted: Presentation) -> Fragment:
    if wanted.representation is None:
        return raw("NULL")
    if wanted.representation.shape == "csv":
        return raw(_CSV)
    element = "_postgrest_t.pgrst_scalar" if wanted.scalar else "_postgrest_t"
    rows = f"json_agg({element})"
    if wanted.single or wanted.representation.shape == "object":
        rows, nothing = f"{rows}->0", "null"
    else:
        nothing = "[]"
    if wanted.representation.strip_nulls:
        rows = f"json_strip_nulls({rows})"
    return raw(f"coalesce({rows}, '{nothing}')::text")


# A row's own text is its CSV line in parentheses.
_CSV = """
(SELECT coalesce(string_agg(a.k, ','), '')
 FROM (SELECT json_object_keys(row_to_json(hh)) AS k
       FROM (SELECT * FROM pgrst_source LIMIT 1) AS hh) AS a)
|| E'\\n'
|| coalesce(
    string_agg(substring(_postgrest_t::text, 2, length(_postgrest_t::text) - 2), E'\\n'), '')
"""


def _location(key: tuple[str, ...]) -> Fragment:
    """`column=eq.value` for each key column of the one row that was inserted."""
    if not key:
        return raw("NULL")
    return (
        raw(
            "CASE WHEN count(_postgrest_t) = 1 THEN ("
            "SELECT array_agg(cell.key || '=' || coalesce('eq.' || cell.value, 'is.null')) "
            "FROM pgrst_source AS inserted, json_each_text(row_to_json(inserted)) AS cell "
            "WHERE cell.key = ANY("
        )
        + value(list(key))
        + raw(")) END")
    )
