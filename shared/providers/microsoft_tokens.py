"""Access tokens of Microsoft accounts: shared by the sessions of an account within the process."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Any

from shared.clock import elapsed
from shared.errors import Reauthorize
from shared.providers.base import Rotated
from shared.providers.microsoft_authority import Authority

SLOTS = 4  # Outlook serves so many requests of an app at once for one mailbox (throttling-limits)
EARLY_SECONDS = 300.0
DEFAULT_LIFE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the refresh token that goes on from it.

    `until` is a reading of `elapsed()`; `replaced` is the refresh token before the last rotation,
    which a caller may still hold.
    """

    access_token: str
    until: float
    refresh_token: str
    replaced: str | None


class Slots:
    """The requests that may be under way at once."""

    def __init__(self, count: int = SLOTS) -> None:
        self._free = count
        self._changed = Condition()

    @contextmanager
    def taken(self, count: int) -> Iterator[None]:
        """Holds `count` of them, all at once or none: two batches must not wait for each other."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            with self._changed:
                self._free += count
                self._changed.notify_all()


class Mailbox:
    """What the sessions of one account share. Hold `lock` to refresh the token."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.latest: Token | None = None
        self.slots = Slots()

    def following(self, refresh_token: str) -> Token | None:
        """The latest token, unless it comes from another grant than `refresh_token`."""
        latest = self.latest
        if latest is None or refresh_token not in (latest.refresh_token, latest.replaced):
            return None
        return latest


class Mailboxes:
    """The accounts used last. Thread-safe."""

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._accounts: OrderedDict[str, Mailbox] = OrderedDict()
        self._lock = Lock()

    def of(self, account_key: str) -> Mailbox:
        """The account's mailbox; the account that was used least recently makes room."""
        with self._lock:
            mailbox = self._accounts.setdefault(account_key, Mailbox())
            self._accounts.move_to_end(account_key)
            if len(self._accounts) > self._capacity:
                self._accounts.popitem(last=False)
            return mailbox


class Credentials:
    """The tokens of one session: rotations are reported before what they brought is used."""

    def __init__(
        self,
        authority: Authority,
        stored: Mapping[str, Any],
        mailbox: Mailbox,
        rotated: Rotated,
    ) -> None:
        """`stored` is what `calendar_accounts` keeps."""
        refresh_token = stored.get("refresh_token")
        if not isinstance(refresh_token, str) or not refresh_token:
            raise Reauthorize("The account has no refresh token.", code="no_refresh_token")
        self._authority = authority
        self._stored = dict(stored)
        self._refresh_token = refresh_token
        self._mailbox = mailbox
        self._rotated = rotated

    def access_token(self, refused: str | None = None) -> str:
        """Gives a token that is good for a while, and is not the one that Graph refused."""
        with self._mailbox.lock:
            token = self._mailbox.following(self._refresh_token)
            if token is None or token.until <= elapsed() or token.access_token == refused:
                token = self._mailbox.latest = self._refreshed(token)
            self._adopt(token)
        return token.access_token

    def _refreshed(self, before: Token | None) -> Token:
        used = before.refresh_token if before is not None else self._refresh_token
        answer = self._authority.refresh(used)
        life = answer.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) else DEFAULT_LIFE_SECONDS
        following = answer.get("refresh_token") or used
        replaced = before.replaced if before is not None and following == used else used
        return Token(
            access_token=answer["access_token"],
            until=elapsed() + max(seconds - EARLY_SECONDS, seconds / 2),
            refresh_token=following,
            replaced=replaced,
        )

    def _adopt(self, token: Token) -> None:
        if token.refresh_token != self._stored["refresh_token"]:
            renewed = self._stored | {"refresh_token": token.refresh_token}
            self._rotated(renewed)
            self._stored = renewed
        self._refresh_token = token.refresh_token
