"""What commands work with: the environment, the settings, an open service."""

import logging
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

from shared.config import read_settings
from shared.steps.open_service import open_service
from shared.steps.service import Service

RUNNING = "running.env"
"""In CALSYNC_HOME while `calsync up` runs: the environment of its processes."""
DATABASES = ("DATABASE_URL", "SUPABASE_URL")


def home(variables: Mapping[str, str] | None = None) -> Path:
    """The folder of `calsync up`: CALSYNC_HOME, else `.calsync` where one stands."""
    chosen = (os.environ if variables is None else variables).get("CALSYNC_HOME", "").strip()
    return Path(chosen or ".calsync").expanduser().resolve()


def environment() -> dict[str, str]:
    """The variables that settings are read from.

    Where none of them names a database, they are completed by those of the `calsync up` that runs
    here, so that every command works beside `make run` as it stands.
    """
    own = dict(os.environ)
    if any(own.get(name, "").strip() for name in DATABASES):
        return own
    return read_variables(home() / RUNNING) | own


def read_variables(path: Path) -> dict[str, str]:
    """The variables of a file of `NAME=value` lines quoted as for a shell; none without a file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (word.partition("=") for line in lines for word in shlex.split(line, comments=True))
    return {name: value for name, _, value in pairs}


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """Writes such a file, readable by its owner only, in one step."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    draft.replace(path)


@contextmanager
def opened() -> Iterator[Service]:
    """The service that the environment describes, closed afterwards."""
    service = open_service(read_settings(environment()))
    try:
        yield service
    finally:
        service.database.close()


def now_of(service: Service) -> datetime:
    """The instant that the database takes for now."""
    (summary,) = service.database.read("due_summary")
    return datetime.fromisoformat(summary["now"])


def quiet_logs() -> None:
    """For commands that report in words: what workers would log stays unsaid."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
