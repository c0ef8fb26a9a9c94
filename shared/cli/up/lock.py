"""One `calsync up` at a time for a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ConfigurationError


@contextmanager
def sole_user(home: Path) -> Iterator[None]:
    """Holds the folder while the block runs; the kernel lets go of it when the process dies.

    Raises `ConfigurationError` while another `calsync up` holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ConfigurationError(
            f"Another `calsync up` uses {home}: stop that, or choose a folder with CALSYNC_HOME"
        ) from None
    finally:
        os.close(descriptor)
