"""Conditions on rows: `eq.5`, `not.in.(a,b)`, and groups of them, read into values."""

from dataclasses import dataclass
from typing import Literal

from emulator.rest.scanner import Field, Scanner

COMPARISONS = {
    "eq": "=",
    "gte": ">=",
    "gt": ">",
    "lte": "<=",
    "lt": "<",
    "like": "LIKE",
    "ilike": "ILIKE",
    "match": "~",
    "imatch": "~*",
}
PLAIN_OPERATORS = {
    "neq": "<>",
    "cs": "@>",
    "cd": "<@",
    "ov": "&&",
    "sl": "<<",
    "sr": ">>",
    "nxr": "&<",
    "nxl": "&>",
    "adj": "-|-",
}
TEXT_SEARCHES = {
    "fts": "to_tsquery",
    "plfts": "plainto_tsquery",
    "phfts": "phraseto_tsquery",
    "wfts": "websearch_to_tsquery",
}
STATES = {
    "not_null": "NOT NULL",
    "null": "NULL",
    "true": "TRUE",
    "false": "FALSE",
    "unknown": "UNKNOWN",
}
_OPERATOR = "operator (eq, gt, ...)"
Quantifier = Literal["any", "all"]


@dataclass(frozen=True)
class Filter:
    """A comparison of one field. Only `in` has a tuple of values."""

    field: Field
    operator: str
    value: str | tuple[str, ...]
    negated: bool = False
    quantifier: Quantifier | None = None
    language: str | None = None


@dataclass(frozen=True)
class Group:
    """Conditions joined by `and` or `or`."""

    joined_by: Literal["and", "or"]
    members: tuple["Condition", ...]
    negated: bool = False


Condition = Filter | Group


def read_filter(scanner: Scanner, field: Field, inside_group: bool = False) -> Filter:
    """Reads `[not.]operator.value`; alone, the value reaches to the end of the text."""
    negated = scanner.accept("not.")
    if scanner.accept("in."):
        return Filter(field, "in", _list(scanner), negated)
    if scanner.accept("isdistinct."):
        return Filter(field, "isdistinct", _value(scanner, inside_group), negated)
    if scanner.accept("is."):
        return Filter(field, "is", _state(scanner), negated)
    operator = scanner.accept_first(*_LONGEST_FIRST)
    if operator is None:
        scanner.fail(_OPERATOR)
    quantifier = _quantifier(scanner) if operator in COMPARISONS else None
    language = _language(scanner) if operator in TEXT_SEARCHES else None
    scanner.expect(".", "delimiter (.)")
    value = _value(scanner, inside_group)
    return Filter(field, operator, value, negated, quantifier, language)


# `gt` must not be taken for the beginning of `gte`.
_LONGEST_FIRST = sorted([*COMPARISONS, *PLAIN_OPERATORS, *TEXT_SEARCHES], key=len, reverse=True)


def read_group(scanner: Scanner) -> Group:
    """Reads `[not.]and(…)` or `[not.]or(…)` to the end of the text."""
    group = _group(scanner)
    if not scanner.at_end():
        scanner.fail("end of input")
    return group


def _group(scanner: Scanner) -> Group:
    negated = scanner.accept("not.")
    joined_by: Literal["and", "or"] = "and" if scanner.accept("and") else "or"
    if joined_by == "or":
        scanner.expect("or", "logic operator (and, or)")
    scanner.skip_blanks()
    scanner.expect("(")
    members = [_member(scanner)]
    while scanner.accept(","):
        members.append(_member(scanner))
    scanner.expect(")", '"," or ")"')
    scanner.skip_blanks()
    return Group(joined_by, tuple(members), negated)


def _member(scanner: Scanner) -> Condition:
    scanner.skip_blanks()
    found: Condition | None = scanner.attempt(lambda: _filter_in_group(scanner))
    if found is None:
        found = _group(scanner)
    scanner.skip_blanks()
    return found


def _filter_in_group(scanner: Scanner) -> Filter:
    field = scanner.field()
    scanner.expect(".", "delimiter (.)")
    return read_filter(scanner, field, inside_group=True)


def _list(scanner: Scanner) -> tuple[str, ...]:
    scanner.skip_blanks()
    scanner.expect("(")
    values = [_list_element(scanner)]
    while scanner.accept(","):
        values.append(_list_element(scanner))
    scanner.expect(")", '"," or ")"')
    scanner.skip_blanks()
    return () if values == [""] else tuple(values)


def _list_element(scanner: Scanner) -> str:
    quoted = scanner.attempt(lambda: _quoted_element(scanner))
    return scanner.take_until(",)") if quoted is None else quoted


def _quoted_element(scanner: Scanner) -> str:
    value = scanner.quoted()
    if not (scanner.at_end() or scanner.looking_at(",", ")")):
        scanner.fail('"," or ")"')
    return value


def _value(scanner: Scanner, inside_group: bool) -> str:
    if not inside_group:
        return scanner.rest()
    array = scanner.attempt(lambda: _array(scanner))
    return _list_element(scanner) if array is None else array


def _array(scanner: Scanner) -> str:
    """A Postgres array literal, whose commas do not end the value."""
    scanner.expect("{")
    inside = scanner.take_until("{}")
    scanner.expect("}")
    return f"{{{inside}}}"


def _state(scanner: Scanner) -> str:
    for state in STATES:
        if scanner.accept_any_case(state):
            return state
    scanner.fail("isVal: (null, not_null, true, false, unknown)")


def _quantifier(scanner: Scanner) -> Quantifier | None:
    if scanner.accept("(any)"):
        return "any"
    return "all" if scanner.accept("(all)") else None


def _language(scanner: Scanner) -> str | None:
    if not scanner.accept("("):
        return None
    language = scanner.identifier()
    scanner.expect(")")
    return language
