"""The image of the Dockerfile: what goes into it is there, is enough, and is pinned as tested."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.docs.markdown import text_of
from tests.support.postgres import REPOSITORY

DOCKERFILE = text_of(REPOSITORY / "Dockerfile")


def copied() -> list[str]:
    """What is copied from the repository."""
    return re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)


def pins(name: str) -> dict[str, list[str]]:
    """Each requirement of a lock with its hashes."""
    entry = re.compile(r"^([\w.-]+(?:\[[\w,-]+\])?==\S+)(.*(?:\n +--hash=.*)+)", re.MULTILINE)
    return {
        match[1]: re.findall(r"--hash=(\S+)", match[2])
        for match in entry.finditer(text_of(REPOSITORY / name))
    }


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder /app of the image."""
    for name in copied():
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, tmp_path / name)
    return tmp_path


def inside(image: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=image,
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_does_not_run_as_root() -> None:
    assert re.search(r"^USER (?!root|0$)\w+$", DOCKERFILE, re.MULTILINE)


def test_the_ignore_file_lets_in_what_is_copied_and_nothing_else() -> None:
    let_in = re.findall(r"^!(\S+)$", text_of(REPOSITORY / ".dockerignore"), re.MULTILINE)
    assert sorted(let_in) == sorted(copied())
    assert all((REPOSITORY / name).exists() for name in let_in)


def test_it_installs_what_the_tests_ran_with() -> None:
    run, everything = pins("requirements.run.lock"), pins("requirements.lock")
    assert run
    assert {pin: hashes for pin, hashes in run.items() if everything.get(pin) != hashes} == {}


def test_no_tool_of_development_is_in_it() -> None:
    names = {pin.partition("==")[0] for pin in pins("requirements.run.lock")}
    assert names & {"pytest", "mypy", "ruff", "hypothesis", "uv", "zizmor"} == set()


def test_the_functions_load_without_the_rest_of_the_repository(image: Path) -> None:
    script = "import functions.app as f, sys; print(f.__file__, 'emulator' in sys.modules)"
    assert inside(image, "-c", script).split() == [str(image / "functions" / "app.py"), "False"]


def test_it_migrates(image: Path, empty_database_url: str) -> None:
    assert "Applied" in inside(
        image, "-m", "shared.cli", "migrate", DATABASE_URL=empty_database_url
    )
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select * from public.dead_letters").fetchall() == []
