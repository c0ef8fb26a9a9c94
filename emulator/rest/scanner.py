"""Reads the small languages inside PostgREST's query parameters, character by character."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from emulator.rest import errors

_T = TypeVar("_T")
_FIELD_NAME = "field name (* or [a..z0..9_$])"


@dataclass(frozen=True)
class Step:
    """One step of a JSON path: `->key`, or `->>key` where `as_text`; an int picks an element."""

    key: str | int
    as_text: bool


@dataclass(frozen=True)
class Field:
    """A column, or a place inside a JSON column."""

    name: str
    path: tuple[Step, ...] = ()


class Scanner:
    """A position in a text. `what` names the text in the error that a mismatch raises."""

    def __init__(self, text: str, what: str) -> None:
        self._text = text
        self._what = what
        self._position = 0

    def fail(self, expecting: str) -> NoReturn:
        raise errors.unparsable(self._what, self._text, self._position, expecting)

    def at_end(self) -> bool:
        return self._position >= len(self._text)

    def accept(self, literal: str) -> bool:
        """Steps over `literal` if it comes next."""
        found = self._text.startswith(literal, self._position)
        if found:
            self._position += len(literal)
        return found

    def expect(self, literal: str, expecting: str | None = None) -> None:
        if not self.accept(literal):
            self.fail(expecting or f'"{literal}"')

    def accept_first(self, *literals: str) -> str | None:
        return next((literal for literal in literals if self.accept(literal)), None)

    def accept_any_case(self, literal: str) -> bool:
        end = self._position + len(literal)
        found = self._text[self._position : end].lower() == literal
        if found:
            self._position = end
        return found

    def looking_at(self, *literals: str) -> bool:
        return any(self._text.startswith(literal, self._position) for literal in literals)

    def attempt(self, read: Callable[[], _T]) -> _T | None:
        """What `read` reads, or None and no step taken when it fails."""
        start = self._position
        try:
            return read()
        except errors.RestError:
            self._position = start
            return None

    def take_until(self, stops: str) -> str:
        start = self._position
        while not self.at_end() and self._text[self._position] not in stops:
            self._position += 1
        return self._text[start : self._position]

    def rest(self) -> str:
        return self.take_until("")

    def skip_blanks(self) -> None:
        while self.looking_at(" ", "\t"):
            self._position += 1

    def quoted(self) -> str:
        """A text in double quotes; a backslash takes the next character as it is."""
        self.expect('"')
        characters = []
        while not self.accept('"'):
            if self.accept("\\") and self.at_end():
                self.fail('"\\""')
            if self.at_end():
                self.fail('"\\""')
            characters.append(self._text[self._position])
            self._position += 1
        return "".join(characters)

    def identifier(self, expecting: str = _FIELD_NAME) -> str:
        start = self._position
        while not self.at_end() and _is_identifier(self._text[self._position]):
            self._position += 1
        if start == self._position:
            self.fail(expecting)
        return self._text[start : self._position].strip()

    def name(self) -> str:
        """A column's or relation's name, quoted or plain, dashes allowed inside."""
        if self.looking_at('"'):
            return self.quoted()
        return self._joined_by_dashes(self.identifier)

    def field(self) -> Field:
        self.skip_blanks()
        found = Field(self.name(), self._path())
        self.skip_blanks()
        return found

    def _path(self) -> tuple[Step, ...]:
        steps = []
        while (arrow := self.accept_first("->>", "->")) is not None:
            index = self.attempt(self._index)
            steps.append(Step(self._key() if index is None else index, arrow == "->>"))
        return tuple(steps)

    def _index(self) -> int:
        sign = -1 if self.accept("-") else 1
        start = self._position
        while not self.at_end() and self._text[self._position] in "0123456789":
            self._position += 1
        ended = self.at_end() or self.looking_at("->", "::", ".", ",")
        if start == self._position or not ended:
            self.fail("digit")
        return sign * int(self._text[start : self._position])

    def _key(self) -> str:
        return self.quoted() if self.looking_at('"') else self._joined_by_dashes(self._plain_key)

    def _plain_key(self) -> str:
        key = self.take_until("(-:.,>)")
        if not key:
            self.fail("any non reserved character different from: .,>()")
        return key.strip()

    def _joined_by_dashes(self, read: Callable[[], str]) -> str:
        parts = [read()]
        while self.looking_at("-") and not self.looking_at("->"):
            self.expect("-")
            parts.append(read())
        return "-".join(parts)


def _is_identifier(character: str) -> bool:
    return character.isalnum() or character in "_ $"
