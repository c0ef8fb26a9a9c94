"""Writing to Ann's CalDAV calendar."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

from shared.model import Draft
from shared.states import Visibility
from tests.conformance.meeting import BEN
from tests.conformance.writing import Action
from tests.support.caldav_servers import DavServer
from tests.support.lying_proxy import Asked, LyingProxy, Said, truth

ADDED = (
    f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BEN}",
    "X-ANOTHER-APP:kept",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-PT7M",
    "DESCRIPTION:Soon",
    "END:VALARM",
)


class CaldavWriting:
    """The calendar `work`; the proxy in front of it plays the troubles."""

    def __init__(self, server: DavServer, proxy: LyingProxy, path: str) -> None:
        self._server, self._proxy, self._path = server, proxy, path

    def writes(self) -> int:
        return len([asked for asked in self._proxy.asked if asked.verb in ("PUT", "DELETE")])

    def lose_answer(self, action: Action) -> None:
        lost = iter([Said(cut=True)])

        def lie(asked: Asked, real: Callable[[], Said]) -> Said:
            told = real()
            return next(lost, told) if _is(asked, action) else told

        self._proxy.lie = lie

    def limit(self, writes: int) -> None:
        numbers = count()

        def lie(asked: Asked, real: Callable[[], Said]) -> Said:
            if _is(asked, "create") and next(numbers) >= writes:
                return Said(429, headers={"Retry-After": "3"})
            return real()

        self._proxy.lie = lie

    def lift_limit(self) -> None:
        self._proxy.lie = truth

    def lose_access(self) -> None:
        self._proxy.lie = lambda asked, real: Said(401)

    def read_only(self) -> str:
        """The servers let Ann write wherever she may read; here the proxy does not."""

        def lie(asked: Asked, real: Callable[[], Said]) -> Said:
            return Said(403) if asked.verb in ("PUT", "DELETE") else real()

        self._proxy.lie = lie
        return self._path

    def missing(self) -> str:
        return self._path.replace("work", "gone")

    def retitle(self, event: str, title: str) -> None:
        self._rewrite(event, lambda line: f"SUMMARY:{title}" if _names(line, "SUMMARY") else line)

    def remove(self, event: str) -> None:
        self._server.delete(_path(event))

    def embellish(self, event: str) -> None:
        added = "\r\n".join((*ADDED, "END:VEVENT"))
        self._rewrite(event, lambda line: added if line == "END:VEVENT" else line)

    def is_embellished(self, event: str) -> bool:
        lines = self._server.read(_path(event)).splitlines()
        return all(line in lines for line in ADDED)

    def kept(self, draft: Draft) -> Draft:
        """PUBLIC is what is written where nobody chose anything (RFC 5545 section 3.8.1.3)."""
        public = draft.visibility is Visibility.PUBLIC
        visibility = Visibility.DEFAULT if public else draft.visibility
        return replace(draft, visibility=visibility, time_zone=None)

    def _rewrite(self, event: str, change: Callable[[str], str]) -> None:
        self._server.rewrite(
            _path(event), lambda text: "".join(f"{change(line)}\r\n" for line in _lines(text))
        )


def _is(asked: Asked, action: Action) -> bool:
    if action == "delete":
        return asked.verb == "DELETE"
    creates = asked.headers.get("if-none-match") == "*"
    return asked.verb == "PUT" and creates == (action == "create")


def _path(event: str) -> str:
    return urlsplit(event).path


def _lines(text: str) -> list[str]:
    """Content lines, unfolded (RFC 5545 section 3.1)."""
    return text.replace("\r\n", "\n").replace("\n ", "").rstrip("\n").split("\n")


def _names(line: str, name: str) -> bool:
    return line.partition(":")[0].partition(";")[0] == name
