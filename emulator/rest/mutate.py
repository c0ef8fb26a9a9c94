"""SQL for writing: insert, update, delete and function calls, from one JSON parameter."""

import itertools
from collections.abc import Sequence

from emulator.rest import errors
from emulator.rest.filters import Condition
from emulator.rest.payload import Payload
from emulator.rest.preferences import Resolution
from emulator.rest.schema import EXPOSED, Argument, Column, Relation, Routine
from emulator.rest.sql import Fragment, Source, joined, name, raw, relation, value, where

_BODY = "pgrst_body"
_INSERTED = "nullif(current_setting('pgrst.inserted', true), '')::int"


def insert(
    target: Relation,
    payload: Payload,
    resolution: Resolution | None,
    conflict: tuple[str, ...],
    returning: tuple[str, ...],
    fill_defaults: bool,
) -> Fragment:
    """Inserts the payload; with a resolution, rows known by the key `conflict` are not refused."""
    columns = [_column(target, key) for key in payload.keys]
    merges = resolution == "merge-duplicates"
    statement = raw("INSERT INTO ") + relation(target.name)
    if columns:
        statement += raw("(") + _names(columns) + raw(")")
    statement += raw(" SELECT ") + joined(", ", [name(_BODY, column.name) for column in columns])
    statement += raw(" FROM ") + _rows(payload, columns, fill_defaults)
    if merges:
        statement += raw(" WHERE ") + _counted("+ 1", "0")
    if resolution is not None and conflict:
        statement += _on_conflict(columns if merges else [], conflict)
    return statement + _returning(target, returning)


def update(
    target: Relation,
    payload: Payload,
    conditions: tuple[Condition, ...],
    returning: tuple[str, ...],
    fill_defaults: bool,
) -> Fragment:
    """Updates the rows that meet the conditions; an empty payload changes nothing."""
    source = Source(relation(target.name), target.columns)
    columns = [_column(target, key) for key in payload.keys]
    if not columns:
        nothing = joined(", ", [source.column(column) for column in returning or ("*",)])
        return raw("SELECT ") + nothing + raw(" FROM ") + source.of + raw(" WHERE false")
    assignments = [name(column.name) + raw(" = ") + name(_BODY, column.name) for column in columns]
    return (
        (raw("UPDATE ") + source.of + raw(" SET ") + joined(", ", assignments))
        + (raw(" FROM ") + _rows(payload, columns, fill_defaults) + where(source, conditions))
        + _returning(target, returning)
    )


def delete(
    target: Relation, conditions: tuple[Condition, ...], returning: tuple[str, ...]
) -> Fragment:
    source = Source(relation(target.name), target.columns)
    statement = raw("DELETE FROM ") + source.of + where(source, conditions)
    return statement + _returning(target, returning)


def call_with_body(routine: Routine, payload: Payload) -> Fragment:
    """Calls a function with the named arguments of a JSON object."""
    given = [argument for argument in routine.arguments if argument.name in payload.keys]
    if not given:
        return _call(routine, raw(""))
    passed = [_passed(argument, name(_BODY, argument.name)) for argument in given]
    # Of a list of objects the first one counts.
    rows = raw("(SELECT * FROM ") + _rows(payload, given, fill_defaults=False) + raw(" LIMIT 1)")
    return _call(routine, joined(", ", passed), rows + raw(f" {_BODY}, LATERAL "))


def call_with_arguments(routine: Routine, arguments: Sequence[tuple[str, str]]) -> Fragment:
    """Calls a function with the arguments of a query string; a variadic one may be repeated."""
    texts = {
        key: [text for _, text in pairs]
        for key, pairs in itertools.groupby(sorted(arguments), key=lambda pair: pair[0])
    }
    passed = []
    for argument in routine.arguments:
        if argument.name in texts:
            bound = texts[argument.name] if argument.variadic else texts[argument.name][-1]
            cast = raw("CAST(") + value(bound) + raw(" AS ") + _type(argument) + raw(")")
            passed.append(_passed(argument, cast))
    return _call(routine, joined(", ", passed))


def inserted_rows() -> Fragment:
    """How many rows of an upsert were new, as `insert` counted them."""
    return raw(_INSERTED)


def _call(routine: Routine, arguments: Fragment, before: Fragment | None = None) -> Fragment:
    before = before or raw("")
    invocation = name(EXPOSED, routine.name) + raw("(") + arguments + raw(")")
    if routine.returns_composite:
        return raw("SELECT pgrst_call.* FROM ") + before + invocation + raw(" pgrst_call")
    scalar = raw("(SELECT ") + invocation + raw(" AS pgrst_scalar) pgrst_call")
    return raw("SELECT pgrst_call.pgrst_scalar FROM ") + before + scalar


def _passed(argument: Argument, operand: Fragment) -> Fragment:
    variadic = raw("VARIADIC " if argument.variadic else "")
    return variadic + name(argument.name) + raw(" := ") + operand


def _column(target: Relation, key: str) -> Column:
    if key not in target.columns:
        raise errors.no_column(target.name, key)
    return target.columns[key]


def _names(columns: Sequence[Column | Argument]) -> Fragment:
    return joined(", ", [name(column.name) for column in columns])


def _type(of: Column | Argument) -> Fragment:
    return name(of.type_schema, of.type_name)


def _rows(payload: Payload, columns: Sequence[Column | Argument], fill_defaults: bool) -> Fragment:
    """The payload as rows called `pgrst_body`, each value converted to its column's type."""
    document = value(payload.text) + raw("::jsonb" if fill_defaults else "::json")
    prefix = "jsonb" if fill_defaults else "json"
    if not columns:
        elements = raw(f"{prefix}_array_elements(") + document + raw(")")
        return (elements if payload.is_list else raw("(VALUES (1))")) + raw(f" {_BODY}")
    if fill_defaults:
        document = _with_defaults(payload, document, columns)
    typed = [name(column.name) + raw(" ") + _type(column) for column in columns]
    function = f"{prefix}_to_recordset" if payload.is_list else f"{prefix}_to_record"
    listed = raw(f" AS {_BODY}(") + joined(", ", typed) + raw(")")
    return raw(f"{function}(") + document + raw(")") + listed


def _with_defaults(
    payload: Payload, document: Fragment, columns: Sequence[Column | Argument]
) -> Fragment:
    """The document with each missing key set to its column's default."""
    pairs = [
        # The catalogue's own expression; a "%" in it is no placeholder.
        value(column.name) + raw("::text, ") + raw(column.default_expression.replace("%", "%%"))
        for column in columns
        if isinstance(column, Column) and column.default_expression is not None
    ]
    defaults = raw("jsonb_build_object(") + joined(", ", pairs) + raw(")")
    if not payload.is_list:
        return defaults + raw(" || ") + document
    each = raw("(SELECT jsonb_agg(") + defaults + raw(" || given) FROM jsonb_array_elements(")
    return each + document + raw(") AS given)")


def _on_conflict(merged: Sequence[Column], conflict: tuple[str, ...]) -> Fragment:
    target = raw(" ON CONFLICT (") + joined(", ", [name(column) for column in conflict])
    if not merged:
        return target + raw(") DO NOTHING")
    assignments = [name(column.name) + raw(" = EXCLUDED.") + name(column.name) for column in merged]
    changed = joined(", ", assignments) + raw(" WHERE ") + _counted("- 1", "-1")
    return target + raw(") DO UPDATE SET ") + changed


def _counted(step: str, never: str) -> Fragment:
    """Counts rows while the statement runs, as PostgREST does: the condition always holds."""
    counted = f"(coalesce({_INSERTED}, 0) {step})::text"
    return raw(f"set_config('pgrst.inserted', {counted}, true) <> '{never}'")


def _returning(target: Relation, columns: tuple[str, ...]) -> Fragment:
    if not columns:
        return raw(" RETURNING 1")
    source = Source(relation(target.name), target.columns)
    return raw(" RETURNING ") + joined(", ", [source.column(column) for column in columns])
