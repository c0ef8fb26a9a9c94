"""Ann's CalDAV calendar: objects PUT by her calendar program."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from dulwich import porcelain
from dulwich.repo import Repo

from shared.states import Response
from shared.steps.connect_caldav import connect_caldav
from tests.conformance.caldav_writing import CaldavWriting
from tests.conformance.ics_text import calendar_text
from tests.conformance.meeting import ANN, Meeting, answered
from tests.support.caldav_servers import PASSWORD, DavServer, Xandikos
from tests.support.lying_proxy import Asked, LyingProxy, Said, truth
from tests.support.rig import Rig


@dataclass
class _Stored:
    """What her program knows of a resource: a PUT replaces all of it."""

    meeting: Meeting
    changed: dict[date, Meeting] = field(default_factory=dict)
    cancelled: list[date] = field(default_factory=list)


class CaldavCalendar:
    """A calendar `work`. The proxy in front of it has a quota, and may lock Ann out.

    `zones` are the names that her program has for time zones; it keeps those not in there.
    """

    def __init__(self, server: DavServer, proxy: LyingProxy, zones: Mapping[str, str]) -> None:
        self._server, self._proxy, self._zones = server, proxy, zones
        self._path = server.add_calendar("work")
        self._stored: dict[str, _Stored] = {}

    def connect(self, rig: Rig) -> None:
        (person,) = rig.service.database.call("find_or_add_person", email=ANN)
        user_id = UUID(person["user_id"])
        connect_caldav(rig.service, user_id, self._proxy.url, ANN, PASSWORD)

    def writing(self) -> CaldavWriting:
        return CaldavWriting(self._server, self._proxy, self._path)

    def create(self, meeting: Meeting) -> str:
        event = f"meeting-{len(self._stored)}"
        self._stored[event] = _Stored(meeting)
        self._put(event)
        return event

    def create_many(self, meetings: Sequence[Meeting]) -> None:
        texts = {
            f"many-{number}": calendar_text(f"many-{number}", self._named(meeting), {}, ())
            for number, meeting in enumerate(meetings)
        }
        if isinstance(self._server, Xandikos):
            self._commit(self._server, texts)
        else:
            self._put_collection(texts)

    def change(self, event: str, meeting: Meeting) -> None:
        self._stored[event].meeting = meeting
        self._put(event)

    def delete(self, event: str) -> None:
        self._server.delete(f"{self._path}{event}.ics")

    def change_instance(self, event: str, original: date, meeting: Meeting) -> None:
        self._stored[event].changed[original] = meeting
        self._put(event)

    def cancel_instance(self, event: str, original: date) -> None:
        self._stored[event].changed.pop(original, None)
        self._stored[event].cancelled.append(original)
        self._put(event)

    def answer(self, event: str, response: Response) -> None:
        self.change(event, answered(self._stored[event].meeting, response))

    def expire_cursor(self, rig: Rig) -> None:
        # The servers keep their tokens for weeks: ours becomes one that they never gave out.
        dead = json.dumps({"token": f"{self._server.url}never-given", "ctag": "old", "polls": 0})
        rig.sql("update calendar_sync_states set sync_token = %(dead)s", {"dead": dead})

    def fail_with_quota(self) -> None:
        refusals = [Said(429, headers={"Retry-After": "3"})]

        def lie(asked: Asked, real: Callable[[], Said]) -> Said:
            return refusals.pop() if refusals else real()

        self._proxy.lie = lie

    def lose_access(self) -> None:
        self._proxy.lie = lambda asked, real: Said(401)

    def give_access_back(self, rig: Rig) -> None:
        self._proxy.lie = truth
        self.connect(rig)

    def _put(self, event: str) -> None:
        stored = self._stored[event]
        changed = {day: self._named(each) for day, each in stored.changed.items()}
        text = calendar_text(event, self._named(stored.meeting), changed, stored.cancelled)
        self._server.put(self._path, f"{event}.ics", text)

    def _named(self, meeting: Meeting) -> Meeting:
        return replace(meeting, zone=self._zones.get(meeting.zone, meeting.zone))

    def _put_collection(self, texts: dict[str, str]) -> None:
        """Radicale takes a whole calendar in one PUT."""
        events = [
            text[text.index("BEGIN:VEVENT") : text.index("END:VC")] for text in texts.values()
        ]
        whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(events)}END:VCALENDAR\r\n"
        kind = {"Content-Type": "text/calendar"}
        self._server.send("PUT", self._path, whole.encode(), kind).raise_for_status()

    def _commit(self, server: Xandikos, texts: dict[str, str]) -> None:
        """Xandikos serves what is committed in the git repository of the calendar."""
        folder = server.folder / "files" / self._path.strip("/")
        for name, text in texts.items():
            (folder / f"{name}.ics").write_text(text, encoding="utf-8", newline="")
        with Repo(str(folder)) as repository:
            porcelain.add(repository, [str(folder / f"{name}.ics") for name in texts])
            porcelain.commit(repository, b"many", author=b"Ann <a>", committer=b"Ann <a>")
