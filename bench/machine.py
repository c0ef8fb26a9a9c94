"""The machine, by what matters to the figures and no more."""

import os
import platform
from collections.abc import Mapping
from contextlib import closing

import psycopg

SETTINGS = ("server_version", "fsync", "synchronous_commit", "shared_buffers")


def describe(url: str) -> Mapping[str, str]:
    """Cores, memory, how busy others kept it, versions, and the settings that make acks durable."""
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with closing(psycopg.connect(url)) as connection:
        values = [connection.execute(f"show {name}").fetchone() for name in SETTINGS]
    described = {name: value[0] for name, value in zip(SETTINGS, values, strict=True) if value}
    return {
        "cores": str(cores),
        "memory": f"{memory:.0f} GiB",
        "load_before": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "postgres": described.pop("server_version"),
        **described,
    }
