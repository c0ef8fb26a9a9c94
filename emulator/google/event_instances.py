"""`events.instances`: the occurrences of one series, exceptions put in their places."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from emulator.common.json_types import Json

from . import params
from .errors import bad_parameter, not_found
from .event_listing import Listing
from .event_query import DEFAULT_RESULTS, MAX_RESULTS, fingerprint
from .event_service import find
from .event_time import parse, parse_bound, span
from .instances import expand, instance_body
from .paging import Entry, key_of, page_of, page_token
from .params import Args


@dataclass(frozen=True)
class Instances:
    """One call; `listing` supplies calendar, view and page shape."""

    listing: Listing
    event_id: str
    args: Args

    def answer(self) -> Json:
        """The `calendar#events` object, without sync token. 404, or 400 if it does not recur."""
        master = find(self.listing.calendar, self.event_id)
        if master["status"] == "cancelled":
            raise not_found()
        if "recurrence" not in master:
            raise bad_parameter(
                "eventId", "Instances may only be requested for recurring events.", "invalid"
            )
        secret = self.listing.world.state.secret
        mark = f"{self.event_id} {fingerprint(self.args)}"
        entries = sorted(self._entries(master), key=lambda entry: entry[0])
        size = params.integer(self.args, "maxResults", DEFAULT_RESULTS, MAX_RESULTS) or 1
        shape = replace(self.listing.shape, size=min(size, self.listing.shape.size))
        page = page_of(entries, key_of(secret, mark, self.args.get("pageToken")), shape)
        result = self.listing.head()
        result["items"] = [self.listing.view.show(body) for body in page.items]
        if page.next_key is not None:
            result["nextPageToken"] = page_token(secret, mark, page.next_key)
        return result

    def _entries(self, master: Json) -> Iterator[Entry]:
        calendar = self.listing.calendar
        zone = calendar.timezone
        show_deleted = params.boolean(self.args, "showDeleted") or False
        for start in expand(master, zone, time_min=self._low(), time_max=self._high()):
            body = instance_body(master, start, zone)
            if body["id"] not in calendar.events and self._is_wanted(body):
                yield (start.instant().isoformat(), body["id"]), body
        for instance_id in calendar.exceptions.get(master["id"], ()):
            record = calendar.events[instance_id]
            if record.cancelled and not show_deleted:
                continue
            if self._is_inside(record.body) and self._is_wanted(record.body):
                yield (self._begin(record.body), instance_id), record.body

    def _low(self) -> datetime | None:
        return params.moment(self.args, "timeMin")

    def _high(self) -> datetime | None:
        return params.moment(self.args, "timeMax")

    def _begin(self, body: Json) -> str:
        begin = body.get("start") or body["originalStartTime"]
        return parse(begin, self.listing.calendar.timezone).instant().isoformat()

    def _is_wanted(self, body: Json) -> bool:
        """`originalStart` selects one occurrence."""
        wanted = self.args.get("originalStart")
        if wanted is None:
            return True
        original = body["originalStartTime"]
        if "date" in original:
            return bool(original["date"] == wanted)
        instant = parse(original, self.listing.calendar.timezone).instant()
        return instant == parse_bound(wanted, "originalStart")

    def _is_inside(self, body: Json) -> bool:
        zone = self.listing.calendar.timezone
        if "start" in body:
            start, end = span(body, zone)
        else:
            start = end = parse(body["originalStartTime"], zone).instant()
        low, high = self._low(), self._high()
        # timeMin is documented as inclusive here, unlike in events.list.
        after_low = low is None or end + timedelta(microseconds=1) > low
        return after_low and (high is None or start < high)
