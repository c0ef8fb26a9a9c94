"""The real Supabase CLI, from npm, kept in `.calsync/npm` between test sessions."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.postgres import REPOSITORY

PACKAGE = "supabase@3.1.0"
_FOLDER = REPOSITORY / ".calsync" / "npm" / PACKAGE
_INSTALL_WITHIN_SECONDS = 180
_ANSWER_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class SupabaseCli:
    """Runs the CLI on a copy of our `supabase/` folder, as somebody who never logged in."""

    program: Path
    home: Path

    def run(self, *arguments: str) -> str:
        """What a command prints; an `AssertionError` shows it when the command fails."""
        done = subprocess.run(
            [self.program, *arguments, "--workdir", self.home, "--yes", "--agent", "no"],
            cwd=self.home,
            env={
                **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
                "HOME": str(self.home),
                "DO_NOT_TRACK": "1",
                "SUPABASE_NO_UPDATE_NOTIFIER": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_WITHIN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"supabase {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def installed(home: Path) -> SupabaseCli:
    """The CLI, installed by the first test that asks; skips where npm cannot get it."""
    program = _FOLDER / "node_modules" / ".bin" / "supabase"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _install()
    shutil.copytree(REPOSITORY / "supabase", home / "supabase")
    return SupabaseCli(program, home)


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the Supabase CLI is not tried")
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1")
    try:
        subprocess.run(
            [npm, "install", "--prefix", _FOLDER, *quiet, PACKAGE],
            capture_output=True,
            text=True,
            timeout=_INSTALL_WITHIN_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or error
        pytest.skip(f"npm cannot get the Supabase CLI: {said}")
