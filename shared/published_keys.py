"""The public keys that sign people's tokens, as Supabase Auth publishes them (RFC 7517)."""

from collections.abc import Callable
from typing import Any

import structlog
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from shared.clock import elapsed

log = structlog.get_logger()

LIFESPAN_SECONDS = 300
FLOOR_SECONDS = 30.0
TIMEOUT_SECONDS = 5


class PublishedKeys(PyJWKClient):
    """Keys by their id, read every five minutes and when an unknown id shows up.

    Two reads, failed ones included, are at least `FLOOR_SECONDS` apart: forged tokens cannot make
    us call. While the keys cannot be read, those that are known stay good.
    """

    def __init__(self, url: str, clock: Callable[[], float] = elapsed) -> None:
        super().__init__(
            url, lifespan=LIFESPAN_SECONDS, timeout=TIMEOUT_SECONDS, cooldown_duration=0
        )
        self._clock = clock
        self._next_read = float("-inf")
        self._known: Any = None
        self._trouble: PyJWTError = PyJWKClientConnectionError("never read")

    def fetch_data(self) -> Any:
        """See `PyJWKClient.fetch_data`. Raises what the last read raised, if nothing is known."""
        if self._clock() >= self._next_read:
            self._next_read = self._clock() + FLOOR_SECONDS
            self._read()
        if self._known is None:
            raise type(self._trouble)(str(self._trouble))
        return self._known

    def _read(self) -> None:
        try:
            self._known = super().fetch_data()
        except (PyJWKClientConnectionError, ValueError) as error:
            self._trouble = PyJWKClientConnectionError(str(error))
            log.warning("keys_unavailable", url=self.uri, error=type(error).__name__)
        except PyJWTError as error:
            # An answer, but no key in it: nobody's token is good.
            self._trouble, self._known = error, None
