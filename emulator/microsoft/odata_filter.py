"""$filter: the comparisons, functions and lambdas that calendars support."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.common.json_types import Json

from .errors import bad_query

Test = Callable[[Json], bool]
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),:]|[^\s(),:']+(?::[^\s(),']+)*)")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: bool(one == other),
    "ne": lambda one, other: bool(one != other),
    "gt": lambda one, other: bool(one > other),
    "ge": lambda one, other: bool(one >= other),
    "lt": lambda one, other: bool(one < other),
    "le": lambda one, other: bool(one <= other),
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}


def parse(text: str) -> Test:
    """The test that a $filter describes; 400 if it cannot be read."""
    reader = _Reader([match[1] for match in _TOKEN.finditer(text)])
    test = reader.either()
    if reader.rest:
        raise reader.refusal()
    return test


@dataclass
class _Reader:
    """Recursive descent over the tokens; `variable` is that of the lambda being read."""

    rest: list[str]
    variable: str = ""

    def refusal(self) -> Exception:
        near = self.rest[0] if self.rest else "the end"
        return bad_query(f"Invalid filter clause: syntax error near '{near}'.")

    def take(self, wanted: str | None = None) -> str:
        if not self.rest or wanted not in (None, self.rest[0].lower()):
            raise self.refusal()
        return self.rest.pop(0)

    def comes(self, word: str) -> bool:
        return bool(self.rest) and self.rest[0].lower() == word

    def either(self) -> Test:
        tests = [self.both()]
        while self.comes("or"):
            self.take()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.comes("and"):
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self.comes("not"):
            self.take()
            test = self.one()
            return lambda row: not test(row)
        if self.comes("("):
            self.take()
            test = self.either()
            self.take(")")
            return test
        word = self.take()
        if word.lower() in _FUNCTIONS:
            return self.function(_FUNCTIONS[word.lower()])
        if word.lower().endswith("/any"):
            return self.any_of(word[: -len("/any")])
        return self.comparison(word)

    def function(self, check: Callable[[str, str], bool]) -> Test:
        self.take("(")
        path = self.path(self.take())
        self.take(",")
        wanted = str(_literal(self.take())).lower()
        self.take(")")
        return lambda row: check(str(_value(row, path) or "").lower(), wanted)

    def any_of(self, path: str) -> Test:
        self.take("(")
        name = self.take()
        # A lambda's colon may stick to its variable or stand alone.
        if self.comes(":"):
            self.take()
        inner = _Reader(self.rest, name.rstrip(":"))
        test = inner.either()
        self.take(")")
        steps = path.split("/")
        return lambda row: any(test(each) for each in _value(row, steps) or ())

    def comparison(self, word: str) -> Test:
        path = self.path(word)
        compare = _COMPARE.get(self.take().lower())
        if compare is None:
            raise self.refusal()
        wanted = _comparable(_literal(self.take()))

        def test(row: Json) -> bool:
            found = _comparable(_value(row, path))
            comparable = type(found) is type(wanted) or compare in (_COMPARE["eq"], _COMPARE["ne"])
            return comparable and compare(found, wanted)

        return test

    def path(self, word: str) -> list[str]:
        steps = word.split("/")
        return steps[1:] if self.variable and steps[0] == self.variable else steps


def _value(row: Any, steps: list[str]) -> Any:
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _literal(word: str) -> Any:
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    named = {"true": True, "false": False, "null": None}
    if word.lower() in named:
        return named[word.lower()]
    return int(word) if word.lstrip("-").isdigit() else word


def _comparable(value: Any) -> Any:
    """Text without regard to case; moments as moments, whatever offset they are written in."""
    if not isinstance(value, str):
        return value
    if _MOMENT.match(value):
        parsed = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return value.lower()
