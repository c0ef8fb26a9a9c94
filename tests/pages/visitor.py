"""A browser without a screen: it keeps cookies, fills in forms, and takes pages apart."""

import re
from html import unescape
from types import TracebackType
from typing import Self

import httpx

COOKIE = "calsync_session"


class Visitor:
    """`with Visitor(url) as ann:` — one person at one machine."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    @property
    def cookie(self) -> str:
        """The sealed session."""
        return self.http.cookies[COOKIE]

    def get(self, path: str) -> httpx.Response:
        """Opens a page, and follows where it leads."""
        return self.http.get(path, follow_redirects=True)

    def csrf(self, path: str = "/sign-in") -> str:
        """What the forms of a page carry along."""
        return re.findall(r'name="csrf" value="([^"]+)"', self.get(path).text)[0]

    def submit(self, path: str, opened: str, **fields: str | list[str]) -> httpx.Response:
        """Sends a form of the page `opened`; the answer is not followed."""
        return self.http.post(path, data={"csrf": self.csrf(opened), **fields})

    def sign_up(self, email: str, password: str) -> httpx.Response:
        """Makes an account."""
        return self.submit("/sign-up", "/sign-up", email=email, password=password)

    def sign_in(self, email: str, password: str) -> httpx.Response:
        """Signs in."""
        return self.submit("/sign-in", "/sign-in", email=email, password=password)


def alert(answer: httpx.Response) -> str:
    """What a refused form says."""
    return unescape(re.findall(r'role="alert"[^>]*>([^<]*)<', answer.text)[0])


def heading(answer: httpx.Response) -> str:
    """What a page is about."""
    return unescape(re.findall(r"<h1>([^<]*)</h1>", answer.text)[0])
