"""WebDAV requests, and what their multistatus answers say (RFC 4918 section 13)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from caldav.davclient import DAVClient
from caldav.elements import cdav, dav
from caldav.elements.base import BaseElement
from caldav.lib.error import parse_preconditions
from caldav.response import DAVResponse

from shared.errors import ProviderError
from shared.providers import caldav_errors
from shared.providers.caldav_http import DavHttp, Untrusted

ETAG = dav.GetEtag.tag
CALENDAR_DATA = cdav.CalendarData.tag

_SAFE_IN_PATH = "/!$&'()*+,;=:@-._~%"
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_STATUS = re.compile(r"HTTP/\S+\s+(\d{3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Member:
    """One `response`: `href` is canonical, `written` as the server spelled it."""

    href: str
    written: str
    status: int
    properties: Mapping[str, Any]

    def text(self, tag: str) -> str | None:
        """The text of a property; None if it is absent or empty."""
        element = self.properties.get(tag)
        return None if element is None else (element.text or "").strip() or None


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A whole answer, and the URL that it came from."""

    members: tuple[Member, ...]
    sync_token: str | None
    url: str


class Dav:
    """Requests of one account. Raises `ProviderError`s only; not thread-safe."""

    def __init__(self, url: str, http: DavHttp, timeout_seconds: float) -> None:
        self.http = http
        # The library answers for XML and for what refusals mean; who signs in where is ours.
        self._client = DAVClient(url=url, enable_rfc6764=False, timeout=timeout_seconds)  # type: ignore[arg-type]  # fractions are fine, too
        self._client.session.close()
        self._client.session = http

    def propfind(
        self, url: str, tags: Iterable[str], depth: int, doing: str = "propfind"
    ) -> Multistatus:
        """The properties of a resource, or with depth 1 of its members too."""
        body = dav.Propfind() + (dav.Prop() + [_Property(tag) for tag in tags])
        return self._multistatus(url, "PROPFIND", body, {"Depth": str(depth)}, doing)

    def sync_collection(self, url: str, token: str) -> Multistatus:
        """What changed since `token`; everything if it is empty (RFC 6578). Never a limit:
        Xandikos and Nextcloud lose items then.
        """
        body = (
            dav.SyncCollection()
            + dav.SyncToken(value=token)
            + dav.SyncLevel(value="1")
            + (dav.Prop() + dav.GetEtag())
        )
        return self._multistatus(url, "REPORT", body, {"Depth": "0"}, "sync-collection")

    def multiget(self, url: str, hrefs: Sequence[str]) -> Multistatus:
        """Etags and contents of resources, named as the server spelled them (RFC 4791 7.9)."""
        body = (
            cdav.CalendarMultiGet()
            + (dav.Prop() + [dav.GetEtag(), cdav.CalendarData()])
            + [dav.Href(value=href) for href in hrefs]
        )
        return self._multistatus(url, "REPORT", body, {}, "calendar-multiget")

    def get(self, url: str) -> tuple[str, str]:
        """Etag and text of one resource."""
        answer = self._send(url, "GET", "", {}, "get")
        return str(answer.headers.get("ETag", "")), answer.raw

    def put(self, url: str, text: str, conditions: Mapping[str, str]) -> str | None:
        """Stores an iCalendar object; gives its etag where the server tells it."""
        headers = {"Content-Type": "text/calendar; charset=utf-8", **conditions}
        answer = self._send(url, "PUT", text, headers, "put")
        return str(answer.headers.get("ETag", "")) or None

    def delete(self, url: str, etag: str | None) -> None:
        """Removes a resource; with `etag` only if it is that one."""
        self._send(url, "DELETE", "", {"If-Match": etag} if etag else {}, "delete")

    def _multistatus(
        self, url: str, method: str, body: BaseElement, headers: dict[str, str], doing: str
    ) -> Multistatus:
        answer = self._send(url, method, str(body), headers, doing)
        root = answer.tree
        if answer.status != 207 or root is None or root.tag != dav.MultiStatus.tag:
            raise caldav_errors.unexpected_answer(doing)
        token = root.findtext(dav.SyncToken.tag)
        return Multistatus(
            tuple(_members(root, self.http.last_url)),
            token.strip() if token else None,
            self.http.last_url,
        )

    def _send(
        self, url: str, method: str, body: str, headers: dict[str, str], doing: str
    ) -> DAVResponse:
        try:
            answer = self._client.request(url, method, body, headers)
        except Untrusted:
            raise caldav_errors.untrusted_host(doing) from None
        except caldav_errors.FAILURES as failure:
            # Without the cause: its text holds the URL, and what the server wrote.
            raise caldav_errors.provider_error(failure, doing) from None
        if answer.status >= 300:
            raise _refusal(answer, doing)
        return answer


class _Property(BaseElement):
    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag = tag  # type: ignore[misc]  # a class variable there; one class per tag here


def canonical_href(href: str, base: str) -> str:
    """The path of an href, spelled in one way: servers differ with themselves over `%40`."""
    path = urlsplit(urljoin(base, href)).path
    decoded = _ESCAPED.sub(_decoded, quote(path, safe=_SAFE_IN_PATH))
    return decoded


def _decoded(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    plain = character.isascii() and (character.isalnum() or character in "!$&'()*+,;=:@-._~")
    return character if plain else escape[0].upper()


def _members(root: Any, base: str) -> Iterator[Member]:
    for response in root.iterfind(dav.Response.tag):
        status = _code(response.findtext(dav.Status.tag)) or 200
        properties: dict[str, Any] = {}
        for propstat in response.iterfind(dav.PropStat.tag):
            if 200 <= (_code(propstat.findtext(dav.Status.tag)) or 200) < 300:
                properties |= {each.tag: each for each in propstat.iterfind(f"{dav.Prop.tag}/*")}
        for href in response.iterfind(dav.Href.tag):
            written = (href.text or "").strip()
            if written:
                yield Member(canonical_href(written, base), _path(written), status, properties)


def _path(written: str) -> str:
    parts = urlsplit(written)
    return parts.path if parts.scheme else written


def _code(status: str | None) -> int | None:
    match = _STATUS.match((status or "").strip())
    return int(match[1]) if match else None


def _refusal(answer: DAVResponse, doing: str) -> ProviderError:
    return caldav_errors.refusal(answer.status, parse_preconditions(answer.raw), doing)
