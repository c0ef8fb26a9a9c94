"""Google's `EventDateTime`: reading, checking and writing it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from emulator.common.json_types import Json

from .errors import invalid, required

# Times nearer to the ends of the calendar cannot be moved between zones.
FIRST_YEAR, LAST_YEAR = 2, 9990


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone; LookupError or ValueError if there is none of that name."""
    return ZoneInfo(name)


def is_zone(name: object) -> bool:
    """Whether `name` is an IANA zone name."""
    try:
        return isinstance(name, str) and bool(zone(name))
    except (LookupError, ValueError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class When:
    """A day, or a moment with the zone it was meant in."""

    day: date | None
    moment: datetime | None
    zone: str

    def instant(self) -> datetime:
        """The moment in UTC; a day begins at its zone's midnight."""
        if self.moment is not None:
            return self.moment.astimezone(UTC)
        assert self.day is not None
        return datetime.combine(self.day, time(), zone(self.zone)).astimezone(UTC)

    def wall(self) -> datetime:
        """Local wall time in its own zone, naive."""
        if self.moment is not None:
            return self.moment.astimezone(zone(self.zone)).replace(tzinfo=None)
        assert self.day is not None
        return datetime.combine(self.day, time())

    def shifted(self, wall: datetime) -> "When":
        """The same kind of value at another wall time."""
        if self.day is not None:
            return When(wall.date(), None, self.zone)
        return When(None, wall.replace(tzinfo=zone(self.zone)), self.zone)

    def render(self, response_zone: str) -> Json:
        """The wire form; a moment is written in the offset of `response_zone`."""
        if self.day is not None:
            return {"date": self.day.isoformat()}
        assert self.moment is not None
        return {"dateTime": offset_text(self.moment, response_zone), "timeZone": self.zone}

    def id_suffix(self) -> str:
        """What follows the underscore in the id of an occurrence that began here."""
        if self.day is not None:
            return self.day.strftime("%Y%m%d")
        return f"{self.instant():%Y%m%dT%H%M%SZ}"


def offset_text(moment: datetime, response_zone: str) -> str:
    """RFC 3339 in `response_zone`; offset zero is written `Z`, as Google does."""
    text = moment.astimezone(zone(response_zone)).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def parse(value: Json, calendar_zone: str) -> When:
    """A stored `EventDateTime`; the body was checked when it was written."""
    if value.get("date"):
        return When(date.fromisoformat(value["date"]), None, calendar_zone)
    name = value.get("timeZone") or calendar_zone
    moment = datetime.fromisoformat(value["dateTime"])
    return When(None, moment if moment.tzinfo else moment.replace(tzinfo=zone(name)), name)


def check(value: object, calendar_zone: str, side: str) -> When:
    """An `EventDateTime` from a client; 400 with Google's words if it is none."""
    if not isinstance(value, dict) or not (value.get("date") or value.get("dateTime")):
        raise required(f"Missing {side} time.")
    if value.get("date") and value.get("dateTime"):
        raise invalid(f"Invalid {side} time: date and dateTime exclude each other.")
    name = value.get("timeZone")
    if name is not None and not is_zone(name):
        raise invalid(f"Invalid time zone definition for {side} time.")
    try:
        when = parse(value, calendar_zone)
    except (ValueError, TypeError) as error:
        raise invalid(f"Invalid value for: Invalid format: {value!r} is malformed") from error
    stated = when.day or when.moment
    if stated is None or not FIRST_YEAR <= stated.year <= LAST_YEAR:
        raise invalid(f"Invalid value for: {side} time: {value!r} is out of range")
    has_offset = value.get("date") or datetime.fromisoformat(value["dateTime"]).tzinfo
    if not has_offset and name is None:
        raise required(f"Missing time zone definition for {side} time.")
    return when


def parse_bound(text: str, parameter: str) -> datetime:
    """A `timeMin`-like parameter, which must carry an offset; 400 otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"Invalid value for {parameter}: {text}", "badRequest") from error
    if moment.tzinfo is None:
        raise invalid(f"Invalid value for {parameter}: {text} lacks an offset", "badRequest")
    return moment.astimezone(UTC)


def span(body: Json, calendar_zone: str) -> tuple[datetime, datetime]:
    """Start and end of a body as UTC instants."""
    start = parse(body["start"], calendar_zone).instant()
    end = parse(body["end"], calendar_zone).instant() if body.get("end") else start
    return start, end


def duration(body: Json, calendar_zone: str) -> timedelta:
    """Length in elapsed time, or in days for a whole-day event."""
    start, end = parse(body["start"], calendar_zone), parse(body["end"], calendar_zone)
    if start.day is not None and end.day is not None:
        return end.day - start.day
    return end.instant() - start.instant()
