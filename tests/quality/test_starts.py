"""A program imports what it uses: what it does not speak to would only delay its start."""

import subprocess
import sys

import pytest

from tests.support.postgres import REPOSITORY

PROVIDERS = frozenset({"caldav", "niquests", "msal"})
SERVERS = frozenset({"flask", "granian", "supabase"})


@pytest.mark.parametrize("command", ["worker", "scheduler", "status", "sync"])
def test_a_command_waits_for_no_library_of_others(command: str) -> None:
    code = (
        "import sys\nfrom shared.cli.group import Commands\n"
        f"assert Commands(name='calsync').get_command(None, '{command}') is not None\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    run = [sys.executable, "-c", code]
    loaded = subprocess.check_output(run, cwd=REPOSITORY, text=True).split()
    assert (PROVIDERS | SERVERS) & set(loaded) == set()
