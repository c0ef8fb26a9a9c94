"""A person's browser: it keeps cookies, clicks on consent pages, and reads our pages."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from tests.api.people import API, token


@dataclass(frozen=True)
class Page:
    """What a browser shows, taken apart."""

    response: httpx.Response
    outcome: str
    title: str
    boxes: tuple[str, ...]
    again: str | None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """The HTML."""
        return self.response.text


class Browser:
    """`with Browser(url, person) as browser:` — one person at one machine."""

    def __init__(self, url: str, user_id: UUID | None = None) -> None:
        self._url = url
        self._token = {"Authorization": f"Bearer {token(user_id)}"} if user_id else {}
        self.http = httpx.Client(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Asks the API as the person."""
        url = f"{self._url}{API}/{path}"
        return self.http.request(method, url, json=body, headers=self._token)

    def start(self, provider: str, **body: Any) -> str:
        """Begins to connect an account; gives the address of the consent page."""
        answer = self.call("POST", f"accounts/connect/{provider}", body or None)
        assert answer.status_code == 200, answer.text
        assert answer.json()["provider"] == provider
        return str(answer.json()["authorization_url"])

    def click(self, consent_page: str, **form: Any) -> str:
        """A click on the consent page; gives the address that the browser is sent to."""
        answer = httpx.post(consent_page, data=form, timeout=60)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def open(self, address: str) -> Page:
        """Follows the way back to us."""
        return read(self.http.get(address))

    def connect(self, provider: str, email: str, **form: Any) -> Page:
        """The whole way."""
        return self.open(self.click(self.start(provider), email=email, **form))


def read(response: httpx.Response) -> Page:
    """Takes a page apart; it must be one that assistive technology can read."""
    assert response.headers["content-type"] == "text/html; charset=utf-8", response.text
    parser = _Parser()
    parser.feed(response.text)
    assert parser.language == "en"
    assert len(parser.found["h1"]) == 1
    assert parser.found["title"] == [f"{parser.found['h1'][0]} · CalSync"]
    again = parser.links[0] if parser.links else None
    boxes = tuple(parser.found["li"])
    return Page(response, parser.outcome, parser.found["h1"][0], boxes, again)


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def cookie_lines(response: httpx.Response) -> list[str]:
    """The cookies that an answer sets, without their secrets."""
    lines = response.headers.get_list("set-cookie")
    return [re.sub(r"=[^;]*", "=…", line, count=1) for line in lines]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.outcome = ""
        self.links: list[str] = []
        self.found: dict[str, list[str]] = {"h1": [], "title": [], "li": []}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.language = given.get("lang", self.language)
        self.outcome = given.get("data-outcome", self.outcome)
        if tag == "a" and given.get("class") == "button":
            self.links.append(given["href"])
        if tag in self.found:
            self.found[tag].append("")
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[self._inside][-1] += data
