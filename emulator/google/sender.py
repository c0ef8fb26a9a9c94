"""Google's way of delivering messages (guides/push)."""

from dataclasses import dataclass

from emulator.common import sender
from emulator.common.sender import Manners

SUCCESS = frozenset({200, 201, 202, 204, 102})
RETRIED = frozenset({500, 502, 503, 504})
MANNERS = Manners(succeeds=SUCCESS.__contains__, retries=RETRIED.__contains__)


@dataclass(frozen=True)
class Delivery(sender.Delivery):
    """One message, always with an empty body. `channel` is `PROJECT/ID`."""

    channel: str = ""
