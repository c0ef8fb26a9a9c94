"""Reads our Markdown: code spans, fenced blocks, tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.postgres import REPOSITORY

DOCUMENTS = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING")),
    *(REPOSITORY / f"{name}.md" for name in ("CHANGELOG", "SECURITY")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "sql" / "README.md",
]
RUNNABLE = "sh test"

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind its fence, and its text."""

    info: str
    text: str


def name_of(path: Path) -> str:
    """The path from the root of the repository."""
    return path.relative_to(REPOSITORY).as_posix()


def text_of(path: Path) -> str:
    """A document."""
    return path.read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks."""
    return [Block(match["info"].strip(), match["text"]) for match in _FENCE.finditer(text)]


def spans(text: str) -> list[str]:
    """The code spans outside of blocks."""
    return _SPAN.findall(_FENCE.sub("", text))


def commands(text: str) -> Iterator[str]:
    """What is meant for a shell: code spans, and lines of shell blocks, continued ones joined."""
    yield from spans(text)
    for block in blocks(text):
        if block.info.startswith("sh"):
            yield from block.text.replace("\\\n", " ").splitlines()


def table_below(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head; cells as they are written."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, f"no section {heading}"
    rows = [
        [cell.strip() for cell in match["cells"].split("|")] for match in _ROW.finditer(section)
    ]
    return [row for row in rows[1:] if not set("".join(row)) <= set("-| :")]
