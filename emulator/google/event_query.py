"""What a client asks `events.list` for, and which combinations Google refuses."""

from dataclasses import dataclass
from datetime import datetime

from emulator.common.json_types import Json

from . import params
from .errors import bad_parameter, invalid
from .params import Args

DEFAULT_RESULTS, MAX_RESULTS = 250, 2500
NEVER_WITH_SYNC_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
# A listing with one of these ends without a sync token.
NO_TOKEN_AFTER = tuple(n for n in NEVER_WITH_SYNC_TOKEN if n not in ("timeMin", "timeMax"))
BOUND = ("singleEvents", "eventTypes", "maxAttendees", "showHiddenInvitations", "timeZone")
_FALSE = {"singleEvents", "showHiddenInvitations"}


@dataclass(frozen=True)
class EventQuery:
    """The checked parameters of one listing."""

    page_size: int
    single_events: bool
    show_deleted: bool
    order_by: str | None
    time_min: datetime | None
    time_max: datetime | None
    updated_min: datetime | None
    text: str | None
    ical_uid: str | None
    private: tuple[str, ...]
    shared: tuple[str, ...]
    event_types: tuple[str, ...]
    time_zone: str | None
    max_attendees: int | None
    sync_token: str | None
    page_token: str | None
    bound: tuple[tuple[str, tuple[str, ...]], ...]
    gives_token: bool
    fingerprint: str

    def bound_json(self) -> Json:
        """The parameters that a sync token carries along."""
        bound: Json = {name: list(values) for name, values in self.bound}
        window = (("timeMin", self.time_min), ("timeMax", self.time_max))
        return bound | {name: at.isoformat() for name, at in window if at is not None}


def read_query(args: Args) -> EventQuery:
    """Parse and check; 400 for what Google refuses."""
    single = params.boolean(args, "singleEvents") or False
    order_by = params.choice(args, "orderBy", ("startTime", "updated"))
    if order_by == "startTime" and not single:
        raise invalid(
            "The requested ordering is not available for the particular query.", "badRequest"
        )
    show_deleted = params.boolean(args, "showDeleted")
    if args.get("syncToken") is not None:
        _check_sync(args, show_deleted)
    time_min, time_max = params.moment(args, "timeMin"), params.moment(args, "timeMax")
    if time_min is not None and time_max is not None and time_min >= time_max:
        raise bad_parameter("timeMax", "The specified time range is empty.", "timeRangeEmpty")
    return EventQuery(
        page_size=params.integer(args, "maxResults", DEFAULT_RESULTS, MAX_RESULTS) or 1,
        single_events=single,
        show_deleted=bool(show_deleted),
        order_by=order_by,
        time_min=time_min,
        time_max=time_max,
        updated_min=params.moment(args, "updatedMin"),
        text=args.get("q"),
        ical_uid=args.get("iCalUID"),
        private=_pairs(args, "privateExtendedProperty"),
        shared=_pairs(args, "sharedExtendedProperty"),
        event_types=tuple(args.getlist("eventTypes")),
        time_zone=params.time_zone(args),
        max_attendees=params.integer(args, "maxAttendees", None),
        sync_token=args.get("syncToken"),
        page_token=args.get("pageToken"),
        bound=_bound(args),
        gives_token=not any(name in args for name in NO_TOKEN_AFTER),
        fingerprint=fingerprint(args),
    )


def fingerprint(args: Args) -> str:
    """All that must stay the same from page to page."""
    skipped = {"pageToken", "maxResults", "alt", "prettyPrint", "fields", "key", "quotaUser"}
    same = sorted((name, value) for name, value in args.items(multi=True) if name not in skipped)
    return repr(same)


def _bound(args: Args) -> tuple[tuple[str, tuple[str, ...]], ...]:
    named = ((name, tuple(sorted(args.getlist(name)))) for name in BOUND)
    return tuple(
        (name, values)
        for name, values in named
        if values and not (name in _FALSE and values == ("false",))
    )


def _pairs(args: Args, name: str) -> tuple[str, ...]:
    pairs = tuple(args.getlist(name))
    if not all("=" in pair for pair in pairs):
        raise bad_parameter(name, f"Invalid value for {name}: key=value expected.", "invalid")
    return pairs


def _check_sync(args: Args, show_deleted: bool | None) -> None:
    refused = [name for name in NEVER_WITH_SYNC_TOKEN if name in args]
    if show_deleted is False:
        refused.append("showDeleted")
    if refused:
        raise bad_parameter(
            refused[0],
            "Sync token cannot be used with the request restrictions: " + ", ".join(refused),
            "syncTokenWithRequestRestrictions",
        )
