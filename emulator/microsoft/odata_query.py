"""$select, $expand, $filter, $orderby, $top, $skip and $count over rendered rows."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from emulator.common.json_types import Json

from . import odata_filter
from .call import Call
from .errors import bad_query

DEFAULT_TOP, MAX_TOP = 10, 1000
ALWAYS = frozenset({"id", "singleValueExtendedProperties"})
Entry = TypeVar("Entry")
KNOWN = frozenset({"$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count"})
_EXPAND = re.compile(
    r"^singleValueExtendedProperties\s*(?:\(\s*\$filter\s*=\s*(?P<filter>.+)\)\s*)?$", re.DOTALL
)


def check_options(call: Call) -> None:
    """400 for a system option that is not supported here."""
    for name in call.args:
        if name.startswith("$") and name.lower() not in KNOWN:
            raise bad_query(f"The query option '{name}' is not supported.")


def number(call: Call, name: str, default: int) -> int:
    """A count in a query option; 400 if it is none."""
    text = call.args.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def selected(call: Call, row: Json) -> Json:
    """The row with only what $select names; ids and annotations always stay."""
    text = call.args.get("$select")
    if not text:
        return row
    names = {name.strip().split("/")[0] for name in text.split(",")} | ALWAYS
    return {key: value for key, value in row.items() if key in names or key.startswith("@")}


def expanded(call: Call, extended: dict[str, str]) -> Json:
    """`{"singleValueExtendedProperties": [...]}` if $expand asks for some that there are."""
    text = call.args.get("$expand")
    if text is None:
        return {}
    match = _EXPAND.match(text.strip())
    if match is None:
        raise bad_query(f"Could not expand '{text}'.")
    rows = properties(extended)
    if match["filter"] is not None:
        test = odata_filter.parse(match["filter"])
        rows = [row for row in rows if test(row)]
    return {"singleValueExtendedProperties": rows} if rows else {}


def properties(extended: dict[str, str]) -> list[Json]:
    """Extended properties as Graph lists them."""
    return [{"id": name, "value": value} for name, value in extended.items()]


def matching(call: Call, entries: list[Entry], show: Callable[[Entry], Json]) -> list[Entry]:
    """The entries whose rows $filter lets through, in the order of $orderby."""
    if "$filter" not in call.args and "$orderby" not in call.args:
        return entries
    rows = [(show(entry), entry) for entry in entries]
    text = call.args.get("$filter")
    if text:
        test = odata_filter.parse(text)
        rows = [pair for pair in rows if test(pair[0])]
    for clause in reversed((call.args.get("$orderby") or "").split(",")):
        words = clause.split()
        if words:
            key = partial(_sortable, path=words[0].split("/"))
            rows = sorted(rows, key=key, reverse=words[1:] == ["desc"])
    return [entry for _, entry in rows]


def _sortable(pair: tuple[Json, Any], path: list[str]) -> str:
    row: Any = pair[0]
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return str(row or "")


def paged(
    call: Call, context: str, entries: Sequence[Entry], show: Callable[[Entry], Json]
) -> Json:
    """One page of entries as `show` renders them, with `@odata.nextLink` if there is another."""
    skip = number(call, "$skip", 0)
    wanted = number(call, "$top", call.prefer.page_size or DEFAULT_TOP)
    if not 1 <= wanted <= MAX_TOP:
        raise bad_query(f"The limit of '{MAX_TOP}' for Top query has been exceeded.")
    top = 0 if call.empty_page else call.page_size(wanted)
    answer: Json = {"@odata.context": f"{call.base}/v1.0/$metadata#{context}"}
    if call.args.get("$count", "").lower() == "true":
        answer["@odata.count"] = len(entries)
    answer["value"] = [show(entry) for entry in entries[skip : skip + top]]
    if skip + top < len(entries):
        again = call.args.to_dict() | {"$skip": str(skip + top)}
        answer["@odata.nextLink"] = f"{call.base}{call.address}?{urlencode(again)}"
    return answer
