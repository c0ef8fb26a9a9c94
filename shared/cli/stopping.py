"""Stopping in order: SIGTERM and Ctrl-C set an event, nothing is interrupted half-way."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """Gives an event that SIGTERM and SIGINT set while the block runs; repeating them is harmless.

    Only the main thread may use it (Python delivers signals there).
    """
    stopping = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
