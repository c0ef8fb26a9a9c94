"""Rules of the tree that no linter knows."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = 400


def _tracked(*suffixes: str) -> list[Path]:
    """Files of the checkout with these endings; all below the root where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in names if path.suffix in suffixes and path.is_file()]


def test_no_file_is_a_room_with_too_many_people() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _tracked(".py", ".sql")
        if "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert long == {}


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + "Error")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked(".py", ".sql", ".yml", ".toml")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_python_holds_no_sql() -> None:
    """`shared/db` may compose a call and a read; `up` prints a line for psql. Nothing else."""
    verbs = re.compile(r"[\"'](select|insert into|update|delete from|create|alter|drop) ", re.I)
    allowed = {ROOT / "shared/db/direct.py", ROOT / "shared/cli/up/banner.py"}
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked(".py")
        if path.relative_to(ROOT).parts[0] in ("functions", "shared") and path not in allowed
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if verbs.search(line)
    ]
    assert found == []


def test_no_index_address_is_pinned() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
    pins = re.findall(r"^[a-z0-9_.\[\]-]+==", lock, re.MULTILINE | re.IGNORECASE)
    assert len(pins) > 50
    assert lock.count("--hash=sha256:") >= len(pins)
