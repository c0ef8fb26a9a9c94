"""A calendar collection on a CalDAV server, by plain HTTP (RFC 4791)."""

from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import httpx

MAKE = (
    '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
    "<d:displayname>{name}</d:displayname>"
    '<c:supported-calendar-component-set><c:comp name="VEVENT"/>'
    "</c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>"
)
LIST = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>'
CONFLICT = 412


class Collection:
    """The calendar `folder` of `user`, whose collections are below `/{user}/` as in Radicale.

    `url` is the server's. Methods raise `httpx.HTTPError` for what they do not name.
    """

    def __init__(self, url: str, user: str, password: str, folder: str) -> None:
        self.url = f"{url.rstrip('/')}/{quote(user)}/{quote(folder)}/"
        self._http = httpx.Client(auth=(user.encode(), password.encode()), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def make(self, name: str) -> bool:
        """Make it; False if it was there."""
        if self._http.request("PROPFIND", self.url, headers={"Depth": "0"}).is_success:
            return False
        body = MAKE.format(name=escape(name)).encode()
        self._http.request("MKCALENDAR", self.url, content=body).raise_for_status()
        return True

    def names(self) -> list[str]:
        """The names of its resources, sorted."""
        answer = self._http.request("PROPFIND", self.url, content=LIST, headers={"Depth": "1"})
        hrefs = ElementTree.fromstring(answer.raise_for_status().content).iter("{DAV:}href")
        paths = [unquote(href.text or "") for href in hrefs]
        return sorted(path.rpartition("/")[2] for path in paths if not path.endswith("/"))

    def read(self, name: str) -> tuple[str, str]:
        """The text of a resource, and its etag."""
        answer = self._http.get(self.url + quote(name)).raise_for_status()
        return answer.text, answer.headers["ETag"]

    def put(self, name: str, text: str, etag: str | None = None) -> bool:
        """Store a resource that has that etag, or none yet; False if somebody else was first."""
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = self._http.put(self.url + quote(name), content=text.encode(), headers=headers)
        return _done(answer)

    def delete(self, name: str, etag: str) -> bool:
        """Remove a resource that has that etag; False if somebody else was first."""
        return _done(self._http.delete(self.url + quote(name), headers={"If-Match": etag}))


def _done(answer: httpx.Response) -> bool:
    if answer.status_code == CONFLICT:
        return False
    answer.raise_for_status()
    return True
