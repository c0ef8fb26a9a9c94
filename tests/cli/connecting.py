"""A `calsync connect` at work that waits for the browser, and the browser."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from tests.support.postgres import REPOSITORY
from tests.support.program import free_port


@contextmanager
def connecting(
    variables: Mapping[str, str], provider: str, person: str, *options: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command at work, and the URL that it asked to open."""
    command = ("connect", provider, "--person", person, *options)
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.cli", *command],
        cwd=REPOSITORY,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.readline() == "Open this and say yes:\n"
        url = process.stderr.readline().strip()
        process.stderr.readline()
        yield url, process
    finally:
        process.kill()
        process.communicate()


def click(url: str, **form: str) -> httpx.Response:
    """A click on a consent page in a browser, which follows where it is sent."""
    return httpx.post(url, data=form, follow_redirects=True)


def listens(uri: str) -> bool:
    """Whether somebody listens where the browser will be sent."""
    parts = httpx.URL(uri)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((parts.host, parts.port or 80)) == 0


def free_redirect_uri(provider: str) -> str:
    """A port of this machine that nobody uses now."""
    return f"http://127.0.0.1:{free_port()}/oauth/{provider}"
