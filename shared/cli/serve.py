"""`calsync serve`: the function URLs, with sync workers in the same process."""

import os
from typing import Annotated

import typer
from granian import Granian
from granian.constants import Interfaces

from shared.cli.ports import require_free
from shared.config import read_settings
from shared.steps.open_service import open_service

APPLICATION = "functions.app:served_app"
BLOCKING_THREADS = 32
"""Polls hold a thread for up to CRON_BUDGET_SECONDS; a webhook must find one free beside them."""
STOP_WITHIN_SECONDS = 5
"""After this a sync that still runs is cut off; its lease lapses and another worker takes over."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PORT).")] = None,
) -> None:
    """Serve the functions until SIGTERM or Ctrl-C; SYNC_WORKERS syncs run beside them."""
    settings = read_settings(os.environ)
    address, number = host or settings.host, port or settings.port
    require_free(address, number, "functions", "PORT or --port")
    # What is missing is named here, once, and not by a server process that cannot start.
    open_service(settings).database.close()
    Granian(
        APPLICATION,
        address=address,
        port=number,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_SECONDS,
        websockets=False,
    ).serve()
