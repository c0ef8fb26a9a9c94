"""Cuts an .ics file into components without believing anything in it (RFC 5545 3.1, 3.6)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NEWLINE = re.compile(r"\r\n|\n|\r")
_MARK = re.compile(r"^(BEGIN|END):\s*([A-Za-z-]+)\s*$", re.IGNORECASE)
COUNTED = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"})


@dataclass
class Component:
    """One component: its unfolded lines, those of its children left out."""

    kind: str
    lines: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    is_closed: bool = False


@dataclass
class CalendarObject:
    """One VCALENDAR (or what stands outside of any)."""

    lines: list[str] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)


def decoded(raw: bytes) -> str:
    """The text: UTF-8 with or without BOM, UTF-16 with BOM, else Latin-1, which reads anything."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def unfolded(text: str) -> Iterator[str]:
    """Content lines: a line that begins with a space or tab continues the one before."""
    held: str | None = None
    for line in _NEWLINE.split(text):
        if line[:1] in (" ", "\t") and held is not None:
            held += line[1:]
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


class _Splitter:
    def __init__(self) -> None:
        self.objects: list[CalendarObject] = []
        self.outside = CalendarObject()
        self.open: list[Component] = []

    @property
    def current(self) -> CalendarObject:
        return self.objects[-1] if self.objects else self.outside

    def take(self, line: str) -> None:
        mark = _MARK.match(line)
        if mark is None:
            self._content(line)
        elif mark[1].upper() == "BEGIN":
            self._begin(mark[2].upper(), line)
        else:
            self._end(mark[2].upper(), line)

    def _content(self, line: str) -> None:
        if not self.open:
            self.current.lines.append(line)
            return
        self.open[-1].lines.append(line)
        for component in self.open:
            component.whole.append(line)

    def _begin(self, kind: str, line: str) -> None:
        if kind == "VCALENDAR":
            self.open.clear()
            self.objects.append(CalendarObject())
            return
        if kind in COUNTED or kind == "VTIMEZONE":
            # These never nest: whatever is still open was never closed.
            self.open.clear()
        component = Component(kind)
        self.open.append(component)
        for each in self.open:
            each.whole.append(line)
        if len(self.open) == 1:
            self.current.components.append(component)

    def _end(self, kind: str, line: str) -> None:
        if kind not in [component.kind for component in self.open]:
            return
        for each in self.open:
            each.whole.append(line)
        while self.open:
            component = self.open.pop()
            if component.kind == kind:
                component.is_closed = True
                return


def split(text: str) -> list[CalendarObject]:
    """The calendar objects of a file; components outside of any VCALENDAR come first."""
    splitter = _Splitter()
    for line in unfolded(text):
        splitter.take(line)
    found = splitter.objects
    return [splitter.outside, *found] if splitter.outside.components else found
