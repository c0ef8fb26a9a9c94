"""HTTP to a CalDAV server: passwords go to hosts of the provider only, requests are counted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import niquests
from niquests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from shared.decide.trusted_host import may_follow

MOST_REDIRECTS = 5
BASIC, DIGEST = "basic", "digest"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Untrusted(Exception):
    """The server points to a host that must not see the password."""


class DavHttp(niquests.Session):
    """A session with one account's credentials. Not thread-safe.

    `announce` is called for each request, redirected and repeated ones too. `last_url` is where
    the last answer came from, `auth_type` what the server was last seen to want.
    """

    def __init__(
        self, username: str, password: str, auth_type: str, announce: Callable[[], None]
    ) -> None:
        # No HTTP/3: it would need UDP. No revocation lists: they are asked of third hosts.
        super().__init__(disable_http3=True, revocation_configuration=None)
        self.last_url = ""
        self.auth_type = auth_type
        self._username, self._password = username, password
        self._announce = announce

    def request(  # type: ignore[override]  # niquests: some thirty parameters, passed on as given
        self, method: str, url: str, **options: Any
    ) -> niquests.Response:
        """As `niquests.Session.request`, but redirects keep their method, and their body.

        A library would make a GET of a redirected PROPFIND, and drop the credentials on the way
        to another host even where it is the provider's own. Raises `Untrusted`.
        """
        first = url
        for _ in range(MOST_REDIRECTS):
            answer = self._authorized(method, url, options)
            location = answer.headers.get("Location")
            if answer.status_code not in _REDIRECTS or not location:
                return answer
            url = urljoin(url, str(location))
            if not may_follow(first, url):
                raise Untrusted
        raise niquests.exceptions.TooManyRedirects("too many redirects")

    def _authorized(self, method: str, url: str, options: dict[str, Any]) -> niquests.Response:
        answer = self._send(method, url, options)
        if answer.status_code == 401 and self.auth_type == BASIC and _wants_digest(answer):
            self.auth_type = DIGEST
            answer = self._send(method, url, options)
        return answer

    def _send(self, method: str, url: str, options: dict[str, Any]) -> niquests.Response:
        self._announce()
        self.last_url = url
        answer = super().request(
            method, url, **{**options, "allow_redirects": False, "auth": self._credentials()}
        )
        for _ in answer.history:  # the challenge of a digest
            self._announce()
        return answer

    def _credentials(self) -> AuthBase:
        if self.auth_type == DIGEST:
            return HTTPDigestAuth(self._username, self._password)
        # As bytes: a text would be sent in Latin-1, if at all (RFC 7617 section 2.1).
        return HTTPBasicAuth(self._username.encode(), self._password.encode())


def _wants_digest(answer: niquests.Response) -> bool:
    challenge = str(answer.headers.get("WWW-Authenticate", "")).lower()
    return "digest " in challenge and "basic" not in challenge
