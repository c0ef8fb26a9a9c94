"""The function URLs as they run for people: `calsync serve`, a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 30.0
STOP_SECONDS = 15.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def functions(environment: Mapping[str, str], port: int, log: Path) -> Iterator[str]:
    """Serves until the block ends; gives the base URL. What it logs goes to a file."""
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "shared.cli", "serve"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, "PORT": str(port)},
            stdout=stderr,
            stderr=stderr,
        )
    try:
        _wait_until_up(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"calsync serve did not start:\n{log.read_text()[-2000:]}")
