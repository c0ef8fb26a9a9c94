"""Access tokens: shared by the sessions of an account, refreshed by one of them at a time."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import google_auth_httplib2
import httplib2
from google.auth import transport
from google.oauth2.credentials import Credentials

from shared.config import GoogleSettings
from shared.errors import Reauthorize
from shared.providers import google_errors
from shared.providers.base import Rotated

REFRESHING = "token refresh"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the refresh token that goes on from it.

    `expires_at` is naive UTC, as google-auth has it; `replaced` is the refresh token before the
    last rotation, which a caller may still hold.
    """

    access_token: str
    expires_at: datetime | None
    refresh_token: str
    replaced: str | None


class AccountToken:
    """The latest token of one account. Hold `lock` to refresh it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.latest: Token | None = None

    def following(self, refresh_token: str) -> Token | None:
        """The latest token, unless it comes from another grant than `refresh_token`."""
        latest = self.latest
        if latest is None or refresh_token not in (latest.refresh_token, latest.replaced):
            return None
        return latest


class TokenMemory:
    """The tokens of the accounts used last. Thread-safe."""

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._accounts: OrderedDict[str, AccountToken] = OrderedDict()
        self._lock = Lock()

    def of(self, account_key: str) -> AccountToken:
        """The account's token; the account that was used least recently makes room."""
        with self._lock:
            account = self._accounts.setdefault(account_key, AccountToken())
            self._accounts.move_to_end(account_key)
            if len(self._accounts) > self._capacity:
                self._accounts.popitem(last=False)
            return account


class AccountCredentials(Credentials):
    """google-auth's credentials, with the access token shared and rotations reported."""

    def __init__(
        self,
        settings: GoogleSettings,
        stored: Mapping[str, Any],
        shared: AccountToken,
        rotated: Rotated,
        http: httplib2.Http,
    ) -> None:
        """`stored` is what `calendar_accounts` keeps; `http` carries the refreshes."""
        refresh_token = stored.get("refresh_token")
        if not refresh_token:
            raise Reauthorize("The account has no refresh token.", code="no_refresh_token")
        super().__init__(  # type: ignore[no-untyped-call]  # google-auth is partly untyped
            token=None,
            refresh_token=refresh_token,
            token_uri=settings.token_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
        )
        self._stored = dict(stored)
        self._shared = shared
        self._rotated = rotated
        self._endpoint = _TokenEndpoint(http)
        self._adopt()

    def refresh(self, request: object) -> None:
        """Gets a token that is not the present one; `request` would be counted as an API call."""
        refused = self.token
        with self._shared.lock:
            if self._adopt() and self.token != refused and self.valid:
                return
            before = self._refresh_token
            super().refresh(self._endpoint)  # type: ignore[no-untyped-call]  # as above
            self._shared.latest = self._refreshed(before)
            self.token = None  # shared, but not to be used before a rotation is stored
            self._adopt()

    def _adopt(self) -> bool:
        """Takes the account's latest token over, if there is one."""
        latest = self._shared.following(self._refresh_token)
        if latest is None:
            return False
        if latest.refresh_token != self._stored["refresh_token"]:
            renewed = self._stored | {"refresh_token": latest.refresh_token}
            self._rotated(renewed)
            self._stored = renewed
        self._refresh_token = latest.refresh_token
        self.token, self.expiry = latest.access_token, latest.expires_at
        return True

    def _refreshed(self, before: str) -> Token:
        latest = self._shared.following(before)
        replaced = latest.replaced if latest is not None else None
        if self._refresh_token != before:
            replaced = before
        return Token(str(self.token), self.expiry, self._refresh_token, replaced)


class _TokenEndpoint(transport.Request):
    """Judges the token endpoint's answers itself.

    google-auth would sleep between attempts of its own, drop Retry-After and `error_subtype`, and
    make a proxy's error page look like lost access.
    """

    def __init__(self, http: httplib2.Http) -> None:
        self._request = google_auth_httplib2.Request(http)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        response = self._request(*args, **kwargs)
        if response.status != 200:
            raise google_errors.refusal(
                response.status, response.headers, response.data, REFRESHING
            )
        answer = json.loads(response.data)
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise google_errors.unexpected_answer(REFRESHING)
        return response
