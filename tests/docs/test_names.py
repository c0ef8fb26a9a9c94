"""Every command, file and database object that the documents name exists."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from shared.cli.app import app
from tests.docs.markdown import DOCUMENTS, commands, name_of, spans, text_of
from tests.support.postgres import REPOSITORY

_CALSYNC = re.compile(r"(?:^|[\s;(&|`])calsync (?P<rest>[a-z][^;|`)#]*)")
_PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|\.(py|sql|md|yml|toml|lock|txt))")
_SNAKE = re.compile(r"[a-z]+(_[a-z0-9]+)+")
COMMANDS: Any = typer.main.get_command(app)
# Made by a run, or in a folder of the reader's.
ELSEWHERE = {".calsync/", ".calsync/running.env", "calsync.env"}


def documents() -> list[Path]:
    """Documents, and the comments and messages in SQL that tell operators what to type."""
    return [*DOCUMENTS, *sorted((REPOSITORY / "sql").rglob("*.sql"))]


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_commands_exist(path: Path) -> None:
    text = text_of(path)
    lines = list(commands(text)) if path.suffix == ".md" else text.splitlines()
    calls = [match["rest"] for line in lines for match in _CALSYNC.finditer(line)]
    assert [problem for call in calls if (problem := trouble_with(call))] == []


def trouble_with(call: str) -> str | None:
    """What is wrong with the words after `calsync`; None where nothing is."""
    words = [word.rstrip(".,:") for word in call.replace("'", " ").split()]
    command, found = COMMANDS, False
    while words and isinstance(command, TyperGroup):
        context = command.make_context("calsync", [], resilient_parsing=True)
        if (inner := command.get_command(context, words[0])) is None:
            break
        command, found = inner, bool(words.pop(0))
    if not found:
        return f"no such command: {call}"
    known = {option for each in command.params for option in each.opts}
    unknown = [w for w in words if w.startswith("--") and w.partition("=")[0] not in known]
    return f"no such option: {call}" if unknown else None


def test_unknown_commands_and_options_are_noticed() -> None:
    assert trouble_with("staatus --json") is not None
    assert trouble_with("dead-letters replay --everything") is not None
    assert trouble_with("dead-letters replay --all") is None


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_files_exist(path: Path) -> None:
    named = {span for span in spans(text_of(path)) if _PATH.fullmatch(span)} - ELSEWHERE
    roots = (REPOSITORY, path.parent)
    missing = [
        name for name in named if not any(any(root.glob(name.rstrip("/"))) for root in roots)
    ]
    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_names_of_tables_views_functions_and_codes_exist(path: Path) -> None:
    named = {
        word for span in spans(text_of(path)) for word in words(span) if _SNAKE.fullmatch(word)
    }
    # What a page is about may be somebody else's: headings of its own are known to it.
    headings = set(re.findall(r"^## `(\w+)`$", text_of(path), re.MULTILINE))
    assert named - headings - vocabulary() == set()


def words(span: str) -> list[str]:
    """The names in a code span; a path is no name."""
    return [] if "/" in span else re.findall(r"[\w-]+", span)


@cache
def vocabulary() -> set[str]:
    """Every word of the code and the schema."""
    files = [path for folder in ("sql", "shared", "functions") for path in files_of(folder)]
    return {word for path in files for word in re.findall(r"\w+", text_of(path))}


def files_of(folder: str) -> list[Path]:
    return [path for suffix in ("py", "sql") for path in (REPOSITORY / folder).rglob(f"*.{suffix}")]


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(REPOSITORY / "Makefile"), re.MULTILINE))
    called = {
        shlex.split(line.partition("#")[0])[1]
        for path in DOCUMENTS
        for line in commands(text_of(path))
        if re.match(r"make [a-z]", line)
    }
    assert called
    assert called <= targets
