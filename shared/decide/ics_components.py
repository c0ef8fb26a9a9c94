"""Cuts iCalendar text into components and lines without believing anything in it.

No library does: they refuse a whole object for one line that a real program got wrong.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LONGEST_RESOURCE = 20_000_000

_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_BREAK = re.compile(r"\r\n|\n|\r")
_MARK = re.compile(r"(BEGIN|END):\s*([A-Z-]+)\s*", re.IGNORECASE)
_LINE = re.compile(
    r'([A-Z0-9-]+)((?:;[^=;:"]+=(?:"[^"]*"|[^";:])*)*):(.*)', re.IGNORECASE | re.DOTALL
)
_PARAMETER = re.compile(r';([^=;:"]+)=((?:"[^"]*"|[^";:])*)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^([n'^])")  # RFC 6868

# These never nest: whatever is open when one begins was never closed.
_TOP = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"})


@dataclass(frozen=True, slots=True)
class Line:
    """A content line (RFC 5545 section 3.1): upper-case parameter names, the value as written."""

    parameters: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value as a TEXT, without its backslashes (section 3.3.11)."""
        return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


Lines = Mapping[str, Sequence[Line]]
"""The lines of a component by upper-case property name."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component as it stood: `source` holds its unfolded lines, those of its children too."""

    kind: str
    own: tuple[str, ...]
    source: tuple[str, ...]
    closed: bool

    def lines(self, names: frozenset[str]) -> Lines:
        """Its own lines with one of these names, none of its children's."""
        found: dict[str, list[Line]] = {}
        for written in self.own:
            name = re.split("[:;]", written, maxsplit=1)[0].upper()
            if name in names:
                found.setdefault(name, []).append(_line(written))
        return found


@dataclass(frozen=True, slots=True)
class CalendarText:
    """What a resource holds: `own` are the lines of its VCALENDARs, outside of any component."""

    own: tuple[str, ...]
    components: tuple[Component, ...]
    is_calendar: bool


def cut_calendar(text: str) -> CalendarText:
    """Cuts iCalendar text; several VCALENDARs are taken as one. Linear in the length."""
    cutter = _Cutter()
    for written in _BREAK.split(_FOLD.sub("", text)):
        cutter.take(written)
    cutter.close_all(closed=False)
    return CalendarText(tuple(cutter.own), tuple(cutter.components), cutter.is_calendar)


@dataclass(slots=True)
class _Cutter:
    """Holds the open component, and the kinds of what is open in it."""

    own: list[str] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    is_calendar: bool = False
    _open: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _source: list[str] = field(default_factory=list)

    def take(self, written: str) -> None:
        mark = _MARK.fullmatch(written.strip())
        if mark is None:
            self._content(written)
        elif mark[1].upper() == "BEGIN":
            self._begin(mark[2].upper())
        else:
            self._end(mark[2].upper())

    def close_all(self, *, closed: bool) -> None:
        if self._open:
            self.components.append(
                Component(self._open[0], tuple(self._lines), tuple(self._source), closed)
            )
        self._open, self._lines, self._source = [], [], []

    def _content(self, written: str) -> None:
        if not self._open:
            self.own.append(written)
            return
        self._source.append(written)
        if len(self._open) == 1:
            self._lines.append(written)

    def _begin(self, kind: str) -> None:
        if kind == "VCALENDAR" or kind in _TOP:
            self.close_all(closed=False)
        if kind == "VCALENDAR":
            self.is_calendar = True
            return
        self._open.append(kind)
        self._source.append(f"BEGIN:{kind}")

    def _end(self, kind: str) -> None:
        if kind not in self._open:
            return
        # What was opened inside and not closed ends here too.
        while self._open[-1] != kind and len(self._open) > 1:
            self._source.append(f"END:{self._open.pop()}")
        self._source.append(f"END:{kind}")
        if len(self._open) == 1:
            self.close_all(closed=True)
        else:
            self._open.pop()


def _line(written: str) -> Line:
    match = _LINE.fullmatch(written)
    if match is None:
        # Parameters that nobody can read; the value may still tell something.
        return Line({}, written.partition(":")[2])
    parameters = {
        name.strip().upper(): _CARET.sub(_uncaret, value.strip().strip('"'))
        for name, value in _PARAMETER.findall(match[2])
    }
    return Line(parameters, match[3])


def _uncaret(found: re.Match[str]) -> str:
    return {"n": "\n", "'": '"', "^": "^"}[found[1]]
