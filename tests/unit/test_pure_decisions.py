"""Decisions reach neither the database, nor the network, nor clock and chance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import shared.decide

FORBIDDEN = frozenset(
    {
        "psycopg", "psycopg_pool", "flask", "httpx", "httplib2", "requests", "supabase",
        "postgrest", "googleapiclient", "google", "structlog", "os", "time", "random", "logging",
        "secrets", "socket", "subprocess",
    }
)  # fmt: skip
# The standard library loads these for itself, so their presence says nothing.
INEVITABLE = frozenset({"os", "time", "random", "logging", "secrets", "socket", "subprocess"})
FOLDER = Path(shared.decide.__path__[0])
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def imported_by(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_names_no_import_with_side_effects(module: str) -> None:
    names = imported_by((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    assert {name.partition(".")[0] for name in names} & FORBIDDEN == set()
    assert {name for name in names if name.startswith("shared.")} <= {
        "shared.model", "shared.states", "shared.errors", *(f"shared.decide.{m}" for m in MODULES)
    }  # fmt: skip


def test_loads_nothing_that_reaches_outside() -> None:
    program = (
        "import importlib, sys\n"
        f"for name in {MODULES!r}: importlib.import_module('shared.decide.' + name)\n"
        "print(*sorted(sys.modules), sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()
    assert "shared.decide.normalise_google" in loaded
    outside = {name.partition(".")[0] for name in loaded} & (FORBIDDEN - INEVITABLE)
    ours = {name for name in loaded if name.startswith("shared.")}
    assert outside == set()
    assert not {name for name in ours if name.split(".")[1] in ("db", "providers", "steps")}
