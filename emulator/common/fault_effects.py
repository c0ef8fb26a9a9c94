"""What a fault does to a request, to a page, and to a notification."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .faults import NOTIFICATION_KINDS, Fault, FaultBook, Target

DELAY_MS, REORDER_DELAY_MS = 1000.0, 150.0


class ConnectionCut(Exception):
    """A fault wants this connection to die without an answer."""


def apply(faults: Iterable[Fault], moment: str, refusal: Callable[[Fault], Exception]) -> None:
    """Carry out the slow, status and cut faults due `before` or `after` the work is done.

    `refusal` makes the provider's answer of a `status` fault.
    """
    for fault in faults:
        if fault.options.get("when", "before") != moment:
            continue
        if fault.kind == "slow":
            time.sleep(float(fault.options.get("delay_ms", DELAY_MS)) / 1000)
        elif fault.kind == "cut":
            raise ConnectionCut
        elif fault.kind == "status":
            raise refusal(fault)


def page_size(faults: Iterable[Fault], wanted: int, cap: int | None) -> int:
    """The rows of a page, cut by the setting and by the faults in force."""
    size = wanted if cap is None else min(wanted, cap)
    for fault in faults:
        if fault.kind == "short_pages":
            size = min(size, int(fault.options.get("size", 1)))
    return size


def empty_page(faults: Iterable[Fault]) -> bool:
    """Whether a fault wants this page empty."""
    return any(fault.kind == "empty_page" for fault in faults)


@dataclass(frozen=True)
class Fate:
    """How often a notification goes out (0: it is dropped), and how much later."""

    copies: int
    delay_ms: float


def fate(book: FaultBook, target: Target, delay_ms: float) -> Fate:
    """What becomes of a notification that would be sent once after `delay_ms`."""
    copies = 1
    for fault in book.take(NOTIFICATION_KINDS, target):
        if fault.kind == "drop_notification":
            return Fate(0, 0.0)
        if fault.kind == "repeat_notification":
            copies += int(fault.options.get("count", 1))
        delay_ms += _extra_delay_ms(fault)
    return Fate(copies, delay_ms)


def _extra_delay_ms(fault: Fault) -> float:
    if fault.kind == "delay_notification":
        return float(fault.options.get("delay_ms", DELAY_MS))
    if fault.kind != "reorder_notifications":
        return 0.0
    # Every second message waits, so that its successor overtakes it.
    fault.options["held"] = not fault.options.get("held", False)
    return float(fault.options.get("delay_ms", REORDER_DELAY_MS)) if fault.options["held"] else 0.0
