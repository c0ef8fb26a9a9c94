"""LISTEN for due calendars, so that a sync starts within milliseconds of its notification."""

from collections.abc import Callable
from threading import Event

import psycopg
from psycopg import sql

CHANNEL = "calsync_due"


def listen(url: str, wake: Callable[[], object], stopping: Event) -> None:
    """Calls `wake` at each NOTIFY until `stopping`; reconnects when the connection breaks.

    Behind a transaction-mode pooler nothing arrives; the worker's own looking covers that.
    """
    while not stopping.is_set():
        try:
            with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
                connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))
                wake()
                while not stopping.is_set():
                    for _ in connection.notifies(timeout=1.0, stop_after=1):
                        wake()
        except psycopg.OperationalError:
            stopping.wait(2.0)
