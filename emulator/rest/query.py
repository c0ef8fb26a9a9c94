"""The query string of a request: what to select, which rows, in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emulator.rest import errors
from emulator.rest.filters import Condition, Filter, read_filter, read_group
from emulator.rest.scanner import Field, Scanner

_RESERVED = {"select", "columns", "on_conflict"}
_RESERVED_ENDINGS = {"order", "limit", "offset", "and", "or"}
_AGGREGATES = (".sum()", ".avg()", ".count()", ".max()", ".min()")


@dataclass(frozen=True)
class Selected:
    """One column of the answer; the name `*` stands for all of them."""

    field: Field
    cast: str | None = None
    alias: str | None = None


@dataclass(frozen=True)
class Order:
    field: Field
    descending: bool = False
    nulls: str | None = None


@dataclass(frozen=True)
class Query:
    """A query string, read. `arguments` are those of a function called by GET."""

    select: tuple[Selected, ...]
    conditions: tuple[Condition, ...]
    order: tuple[Order, ...]
    limit: str | None
    offset: str | None
    columns: tuple[str, ...] | None
    on_conflict: tuple[str, ...] | None
    arguments: tuple[tuple[str, str], ...]


def parse(pairs: Iterable[tuple[str, str]], relation: str, calls_function: bool = False) -> Query:
    """Reads the parameters; `relation` names what is read, for the errors.

    A GET that calls a function takes each parameter without an operator as an argument.

    Raises:
        RestError: PGRST100 where a parameter does not follow the grammar, PGRST108 or PGRST200
            where it is about an embedded resource, PGRST123 for an aggregate.
    """
    given = list(pairs)
    single = dict(reversed(given))
    conditions: list[Condition] = []
    arguments: list[tuple[str, str]] = []
    for name, value in given:
        ending = name.rpartition(".")[2]
        if name in _RESERVED or ending in _RESERVED_ENDINGS - {"and", "or"}:
            continue
        if ending in ("and", "or"):
            conditions.append(_logic(name, value))
        elif (condition := _filter(name, value, calls_function)) is not None:
            conditions.append(condition)
        else:
            arguments.append((name, value))
    return Query(
        select=_select(single.get("select", "*"), relation),
        conditions=tuple(conditions),
        order=_order(single),
        limit=single.get("limit"),
        offset=single.get("offset"),
        columns=_names(single, "columns"),
        on_conflict=_names(single, "on_conflict"),
        arguments=tuple(arguments),
    )


def _filter(name: str, value: str, calls_function: bool) -> Filter | None:
    scanner = Scanner(name, "tree path")
    field = scanner.field()
    if scanner.accept("."):
        raise errors.not_embedded(field.name)
    if not scanner.at_end():
        scanner.fail("delimiter (.) or end of input")
    operand = Scanner(value, "filter")
    if not calls_function:
        return read_filter(operand, field)
    return operand.attempt(lambda: read_filter(operand, field))


def _logic(name: str, value: str) -> Condition:
    parts = name.split(".")
    if strangers := [part for part in parts[:-1] if part != "not"]:
        raise errors.not_embedded(strangers[0])
    negation = "not." if "not" in parts else ""
    return read_group(Scanner(f"{negation}{parts[-1]}{value}", "logic tree"))


def _names(single: Mapping[str, str], parameter: str) -> tuple[str, ...] | None:
    text = single.get(parameter)
    if text is None:
        return None
    scanner = Scanner(text, f"{parameter} parameter")
    names = [scanner.name()]
    while not scanner.at_end():
        scanner.skip_blanks()
        scanner.expect(",", '"," or end of input')
        scanner.skip_blanks()
        names.append(scanner.name())
    return tuple(names)


def _select(text: str, relation: str) -> tuple[Selected, ...]:
    scanner = Scanner(text, "select parameter")
    if scanner.at_end():
        return ()
    items = [_selected(scanner, relation)]
    while not scanner.at_end():
        scanner.expect(",", '"," or end of input')
        items.append(_selected(scanner, relation))
    return tuple(items)


def _selected(scanner: Scanner, relation: str) -> Selected:
    scanner.skip_blanks()
    if scanner.accept("*"):
        scanner.skip_blanks()
        return Selected(Field("*"))
    if scanner.accept("..."):
        raise errors.no_relationship(relation, scanner.name())
    alias = scanner.attempt(lambda: _alias(scanner))
    field = scanner.field()
    _refuse_embedding_and_aggregates(scanner, relation, field)
    cast = scanner.identifier("type name") if scanner.accept("::") else None
    _refuse_embedding_and_aggregates(scanner, relation, field)
    return Selected(field, cast, alias)


def _alias(scanner: Scanner) -> str:
    name = scanner.name()
    if scanner.looking_at("::"):
        scanner.fail("alias")
    scanner.expect(":")
    return name


def _refuse_embedding_and_aggregates(scanner: Scanner, relation: str, field: Field) -> None:
    if (field.name == "count" and scanner.looking_at("()")) or scanner.looking_at(*_AGGREGATES):
        raise errors.RestError(400, "PGRST123", "Use of aggregate functions is not allowed")
    if scanner.looking_at("(", "!"):
        raise errors.no_relationship(relation, field.name)


def _order(single: Mapping[str, str]) -> tuple[Order, ...]:
    if strangers := [name for name in single if name.endswith(".order")]:
        raise errors.not_embedded(strangers[0].removesuffix(".order"))
    if "order" not in single:
        return ()
    scanner = Scanner(single["order"], "order")
    terms = [_order_term(scanner)]
    while not scanner.at_end():
        scanner.expect(",", '"," or end of input')
        terms.append(_order_term(scanner))
    return tuple(terms)


def _order_term(scanner: Scanner) -> Order:
    field = scanner.field()
    if scanner.looking_at("("):
        raise errors.not_embedded(field.name)
    direction = scanner.accept_first(".asc", ".desc")
    nulls = scanner.accept_first(".nullsfirst", ".nullslast")
    scanner.skip_blanks()
    return Order(field, direction == ".desc", nulls.removeprefix(".") if nulls else None)
