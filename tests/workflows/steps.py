"""Reads workflows and runs their `run:` steps with bash, as a GitHub runner does."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.postgres import REPOSITORY

WORKFLOWS = REPOSITORY / ".github" / "workflows"

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True)
class Run:
    """How a step ended: its exit status, all it printed, what it wrote into the run's summary."""

    status: int
    output: str
    summary: str


def read_workflow(name: str) -> dict[str, Any]:
    """A workflow file. YAML 1.1 reads its key `on` as true; here it is called `on` again."""
    read: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


def run_steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """All steps with a `run:`, job after job."""
    return [step for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def execute(
    step: dict[str, Any], folder: Path, context: Mapping[str, str], **environment: str
) -> Run:
    """Runs a step in the checked-out repository.

    `context` gives the values of `${{ … }}` expressions (a missing one is a KeyError),
    `environment` is what the runner itself sets.
    """
    summary = folder / "summary.md"
    summary.touch()
    given = {name: _resolve(str(value), context) for name, value in step.get("env", {}).items()}
    done = subprocess.run(
        ["bash", "-e", "-c", _resolve(step["run"], context)],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "GITHUB_STEP_SUMMARY": str(summary)} | environment | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout, summary.read_text(encoding="utf-8"))


def _resolve(text: str, context: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: context[match[1]], text)
