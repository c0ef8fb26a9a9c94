"""Requests on tables and views: read, insert, update, delete."""

from collections.abc import Iterable
from typing import cast
from urllib.parse import quote, urlencode

from emulator.rest import mutate, payload, present, query, ranges, sql
from emulator.rest.call import Answer, Call, answer, total_of
from emulator.rest.errors import RestError
from emulator.rest.preferences import Resolution
from emulator.rest.query import Query
from emulator.rest.schema import Relation
from emulator.rest.session import Outcome, Transaction

_EVERYTHING = sql.raw("SELECT * FROM pgrst_source")


def read(call: Call, relation: Relation) -> Answer:
    """GET and HEAD: the rows asked for, and with `count=` how many there are."""
    asked = query.parse(call.parameters, relation.name)
    wanted = _wanted_rows(call, asked)
    source = sql.Source(sql.relation(relation.name), relation.columns)
    counting = sql.count(source, asked.conditions)
    presentation = present.Presentation(
        work=sql.select(source, asked.select, asked.conditions, asked.order, wanted),
        view=_EVERYTHING,
        representation=call.representation,
        total=counting if call.preferences.counted else None,
    )
    guessed = call.preferences.get("count") in ("planned", "estimated")
    outcome = call.sessions.run(
        call.caller,
        Transaction(
            present.statement(presentation),
            planned=counting if guessed else None,
            read_only=True,
            check_rows=call.check_rows,
        ),
    )
    total = total_of(outcome)
    last = wanted.lower + outcome.rows - 1
    headers = {
        "Content-Range": ranges.content_range(wanted.lower, last, total),
        "Content-Location": _path(relation.name, sorted(call.parameters)),
        **call.preferences.applied(),
    }
    return answer(call, outcome, ranges.status_of(wanted, outcome.rows, total), headers, True)


def insert(call: Call, relation: Relation) -> Answer:
    """POST: one object or a list of them, upserted where a resolution is preferred."""
    asked = query.parse(call.parameters, relation.name)
    given = payload.read(call.body, call.content_type, asked.columns)
    resolution = cast("Resolution | None", call.preferences.get("resolution"))
    merges = resolution == "merge-duplicates"
    conflict = asked.on_conflict or relation.key
    statement = mutate.insert(
        relation, given, resolution, conflict, _returning(call, asked), _fills_defaults(call)
    )
    outcome = _write(
        call,
        asked,
        statement,
        relation,
        inserted=mutate.inserted_rows() if merges else None,
        location_of=relation.key if call.preferences.get("return") == "headers-only" else (),
    )
    headers = _write_headers(call, outcome, "missing", "return", *_resolved(conflict))
    if outcome.location:
        pairs = [tuple(pair.split("=", 1)) for pair in outcome.location]
        headers["Location"] = _path(relation.name, cast("list[tuple[str, str]]", pairs))
    only_updated = merges and (outcome.inserted or 0) <= 0
    shown = call.preferences.representation
    return answer(call, outcome, 200 if only_updated else 201, headers, shown)


def update(call: Call, relation: Relation) -> Answer:
    """PATCH: the columns of one object, set in the rows that meet the conditions."""
    asked = query.parse(call.parameters, relation.name)
    given = payload.read(call.body, call.content_type, asked.columns)
    if given.keys:
        _require_condition(asked, "UPDATE")
    statement = mutate.update(
        relation, given, asked.conditions, _returning(call, asked), _fills_defaults(call)
    )
    outcome = _write(call, asked, statement, relation)
    headers = _write_headers(call, outcome, "missing", "return", "max-affected")
    headers["Content-Range"] = ranges.content_range(
        0, outcome.rows - 1, outcome.rows if call.preferences.counted else None
    )
    shown = call.preferences.representation
    return answer(call, outcome, 200 if shown else 204, headers, shown)


def delete(call: Call, relation: Relation) -> Answer:
    """DELETE: the rows that meet the conditions."""
    asked = query.parse(call.parameters, relation.name)
    _require_condition(asked, "DELETE")
    statement = mutate.delete(relation, asked.conditions, _returning(call, asked))
    outcome = _write(call, asked, statement, relation)
    headers = _write_headers(call, outcome, "return", "max-affected")
    shown = call.preferences.representation
    return answer(call, outcome, 200 if shown else 204, headers, shown)


def _wanted_rows(call: Call, asked: Query) -> ranges.RowRange:
    # RFC 9110 section 14.2: a Range header means something to GET only.
    header = call.range_header if call.caller.method == "GET" else None
    return ranges.requested(asked.limit, asked.offset, header)


def _write(
    call: Call,
    asked: Query,
    statement: sql.Fragment,
    relation: Relation,
    inserted: sql.Fragment | None = None,
    location_of: tuple[str, ...] = (),
) -> Outcome:
    shown = call.preferences.representation
    source = sql.Source(sql.raw("pgrst_source"), relation.columns)
    everything = ranges.RowRange()
    view = sql.select(source, asked.select, (), asked.order, everything) if shown else _EVERYTHING
    presentation = present.Presentation(
        work=statement,
        view=view,
        representation=call.representation if shown else None,
        inserted=inserted,
        location_of=location_of,
    )
    return call.sessions.run(
        call.caller,
        Transaction(
            present.statement(presentation),
            rolled_back=call.rolled_back,
            check_rows=call.check_affected,
        ),
    )


def _returning(call: Call, asked: Query) -> tuple[str, ...]:
    """The columns that the answer needs: nobody has to be allowed to read the others."""
    if call.preferences.get("return") not in ("representation", "headers-only"):
        return ()
    fields = [item.field for item in asked.select] + [term.field for term in asked.order]
    names = tuple(dict.fromkeys(field.name for field in fields))
    return ("*",) if "*" in names or not names else names


def _fills_defaults(call: Call) -> bool:
    return call.preferences.get("missing") == "default"


def _resolved(conflict: tuple[str, ...]) -> tuple[str, ...]:
    return ("resolution",) if conflict else ()


def _require_condition(asked: Query, command: str) -> None:
    """Supabase loads pg-safeupdate for the API's roles: no write to a whole table by mistake."""
    if not asked.conditions:
        raise RestError(400, "21000", f"{command} requires a WHERE clause")


def _write_headers(call: Call, outcome: Outcome, *applied: str) -> dict[str, str]:
    counted = outcome.rows if call.preferences.counted else None
    return {
        "Content-Range": ranges.content_range(1, 0, counted),
        **call.preferences.applied(*applied),
    }


def _path(relation: str, parameters: Iterable[tuple[str, str]]) -> str:
    encoded = urlencode(list(parameters), quote_via=quote, safe="*,.()")
    return f"/{quote(relation)}" + (f"?{encoded}" if encoded else "")
