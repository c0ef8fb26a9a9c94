"""Ports: one that is taken is named before anything is started."""

import errno
import socket
from collections.abc import Callable

from shared.clock import elapsed, pause
from shared.errors import ConfigurationError

PASSING_SECONDS = 65.0
"""Linux holds the port of a closed connection for 60 s (TIME_WAIT)."""
LOOK_SECONDS = 0.1


class PortTaken(ConfigurationError):
    """A port belongs to another program."""


def require_free(
    host: str,
    port: int,
    what: str,
    setting: str,
    waiting: Callable[[], object] = lambda: None,
) -> None:
    """Raises `PortTaken` naming the port, what it is for, and the setting that changes it.

    A port that is in use while nobody listens on it is the near end of somebody's connection
    (our defaults lie where Linux takes those from): that passes, and is waited for. `waiting` is
    called again and again meanwhile, and may raise.
    """
    deadline = elapsed() + PASSING_SECONDS
    while (error := _refusal(host, port)) is not None:
        named = f"Port {port} ({what}) on {host}"
        if error.errno != errno.EADDRINUSE:
            raise PortTaken(f"{named} cannot be used: {error.strerror}; see {setting}") from error
        if _somebody_listens(host, port):
            raise PortTaken(
                f"{named} is taken by another program: stop that, or choose another port with "
                f"{setting}"
            ) from error
        if elapsed() > deadline:
            raise PortTaken(
                f"{named} is in use by somebody's connection: try again, or choose another port "
                f"with {setting}"
            ) from error
        waiting()
        pause(LOOK_SECONDS)


def _refusal(host: str, port: int) -> OSError | None:
    """Why a server could not listen there. Asks without SO_REUSEPORT, so as not to share it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error
    return None


def _somebody_listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False
