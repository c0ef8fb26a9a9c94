"""A folder that an unprivileged Postgres can reach when root runs the tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Like `tmp_path`, whose parents every starting pytest closes again to all but its user."""
    with tempfile.TemporaryDirectory(prefix="calsync-embedded-") as folder:
        yield Path(folder)
