"""SQL for reading: identifiers are quoted by psycopg.sql, every value is a bound parameter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg.sql import SQL, Composed, Identifier

from emulator.rest.filters import (
    COMPARISONS,
    PLAIN_OPERATORS,
    STATES,
    TEXT_SEARCHES,
    Condition,
    Filter,
)
from emulator.rest.query import Order, Selected
from emulator.rest.ranges import RowRange
from emulator.rest.scanner import Field
from emulator.rest.schema import EXPOSED, Column

# Type names of the SQL grammar, which cannot be quoted, by their names in the catalogue.
_GRAMMAR_TYPES = {
    "bigint": "int8",
    "bit varying": "varbit",
    "boolean": "bool",
    "char": "bpchar",
    "character": "bpchar",
    "character varying": "varchar",
    "dec": "numeric",
    "decimal": "numeric",
    "double precision": "float8",
    "float": "float8",
    "int": "int4",
    "integer": "int4",
    "real": "float4",
    "smallint": "int2",
    "time with time zone": "timetz",
    "time without time zone": "time",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
}


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL and the values of its placeholders, in order."""

    text: Composed
    values: tuple[object, ...] = ()

    def __add__(self, other: "Fragment") -> "Fragment":
        return Fragment(self.text + other.text, self.values + other.values)


def raw(text: str) -> Fragment:
    """SQL written in this program."""
    return Fragment(Composed([SQL(text)]))


def value(bound: object) -> Fragment:
    return Fragment(Composed([SQL("%s")]), (bound,))


def name(*parts: str) -> Fragment:
    # psycopg takes a "%" for a placeholder, inside quotes too.
    return Fragment(Composed([Identifier(*(part.replace("%", "%%") for part in parts))]))


def joined(separator: str, fragments: Iterable[Fragment]) -> Fragment:
    pieces = list(fragments)
    texts = SQL(separator).join([piece.text for piece in pieces])
    return Fragment(texts, tuple(bound for piece in pieces for bound in piece.values))


def relation(relation_name: str) -> Fragment:
    return name(EXPOSED, relation_name)


@dataclass(frozen=True)
class Source:
    """What is read from: a relation or `pgrst_source`, and the columns it is known to have."""

    of: Fragment
    columns: Mapping[str, Column]

    def column(self, column_name: str) -> Fragment:
        star = column_name == "*"
        return self.of + raw(".") + (raw("*") if star else name(column_name))

    def field(self, field: Field) -> Fragment:
        """A column or a place inside it; whatever is no JSON is taken as JSON first."""
        base = self.column(field.name)
        if not field.path:
            return base
        known = self.columns.get(field.name)
        if known is not None and known.type_name not in ("json", "jsonb"):
            base = raw("to_jsonb(") + base + raw(")")
        for step in field.path:
            arrow = raw("->>" if step.as_text else "->")
            index = isinstance(step.key, int)
            base = base + arrow + value(str(step.key)) + raw("::int" if index else "")
        return base


def select(
    source: Source,
    selected: tuple[Selected, ...],
    conditions: tuple[Condition, ...],
    order: tuple[Order, ...],
    wanted: RowRange,
) -> Fragment:
    items = joined(", ", [_item(source, item) for item in selected or (Selected(Field("*")),)])
    return (
        (raw("SELECT ") + items + raw(" FROM ") + source.of)
        + where(source, conditions)
        + _order_by(source, order)
        + _limit(wanted)
    )


def count(source: Source, conditions: tuple[Condition, ...]) -> Fragment:
    return raw("SELECT 1 FROM ") + source.of + where(source, conditions)


def where(source: Source, conditions: tuple[Condition, ...]) -> Fragment:
    if not conditions:
        return raw("")
    return raw(" WHERE ") + joined(" AND ", [_condition(source, each) for each in conditions])


def type_of(cast: str) -> Fragment:
    """A type named by a client: an identifier like any other, never part of the grammar."""
    cleaned = " ".join(cast.split())
    return name(_GRAMMAR_TYPES.get(cleaned.lower(), cleaned))


def _item(source: Source, item: Selected) -> Fragment:
    found = source.field(item.field)
    if item.cast is not None:
        found = raw("CAST(") + found + raw(" AS ") + type_of(item.cast) + raw(")")
    label = item.alias or _implied_label(item)
    return found if label is None else found + raw(" AS ") + name(label)


def _implied_label(item: Selected) -> str | None:
    """A place inside JSON is called by its last key: `data->a->0` gives "a"."""
    if item.field.name == "*" or not (item.field.path or item.cast):
        return None
    keys = [step.key for step in item.field.path if isinstance(step.key, str)]
    return keys[-1] if keys else item.field.name


def _condition(source: Source, condition: Condition) -> Fragment:
    negation = raw("NOT " if condition.negated else "")
    if isinstance(condition, Filter):
        return negation + _comparison(source, condition)
    members = [_condition(source, member) for member in condition.members]
    return negation + raw("(") + joined(f" {condition.joined_by} ", members) + raw(")")


def _comparison(source: Source, test: Filter) -> Fragment:
    field = source.field(test.field)
    if isinstance(test.value, tuple):
        return field + raw(" = ANY(") + value(_array_literal(test.value)) + raw(")")
    if test.operator == "is":
        return field + raw(f" IS {STATES[test.value]}")
    if test.operator == "isdistinct":
        return field + raw(" IS DISTINCT FROM ") + value(test.value)
    if test.operator in PLAIN_OPERATORS:
        return field + raw(f" {PLAIN_OPERATORS[test.operator]} ") + value(test.value)
    if test.operator in TEXT_SEARCHES:
        return _text_search(source, test, field)
    return _quantified(field, test, test.value)


def _quantified(field: Fragment, test: Filter, text: str) -> Fragment:
    pattern = text.replace("*", "%") if test.operator in ("like", "ilike") else text
    operand = value(pattern)
    if test.quantifier is not None:
        operand = raw(f"{test.quantifier}(") + operand + raw(")")
    return field + raw(f" {COMPARISONS[test.operator]} ") + operand


def _text_search(source: Source, test: Filter, field: Fragment) -> Fragment:
    language = raw("") if test.language is None else value(test.language) + raw(", ")
    column = source.columns.get(test.field.name)
    if column is not None and (test.field.path or column.type_name != "tsvector"):
        field = raw("to_tsvector(") + language + field + raw(")")
    search = raw(f" @@ {TEXT_SEARCHES[test.operator]}(")
    return field + search + language + value(test.value) + raw(")")


def _array_literal(values: tuple[str, ...]) -> str:
    """One bound value for `= ANY`, so that Postgres finds out the type of the elements."""
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in values]
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"


def _order_by(source: Source, order: tuple[Order, ...]) -> Fragment:
    if not order:
        return raw("")
    nulls = {"nullsfirst": " NULLS FIRST", "nullslast": " NULLS LAST", None: ""}
    terms = [
        source.field(term.field) + raw((" DESC" if term.descending else "") + nulls[term.nulls])
        for term in order
    ]
    return raw(" ORDER BY ") + joined(", ", terms)


def _limit(wanted: RowRange) -> Fragment:
    limit = raw("") if wanted.limit is None else raw(" LIMIT ") + value(wanted.limit)
    return limit + (raw(" OFFSET ") + value(wanted.lower) if wanted.lower else raw(""))
