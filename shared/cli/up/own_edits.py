"""Lines to paste that change a demo person's calendar, one for each provider that is emulated."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from json import dumps

from shared.cli.up.plan import Plan
from shared.cli.up.radicale import ANN, collection_url

STAMP = "%Y%m%dT%H%M%SZ"


def own_edits(
    plan: Plan, variables: Mapping[str, str], people: Iterable[str], now: datetime
) -> list[tuple[str, str]]:
    """What each line is for, and the line: an event of tomorrow, 10:00 UTC.

    `people` are the e-mails of connected ones. The day lies ahead, since Outlook's calendars are
    read in a window only.
    """
    day = now.astimezone(UTC) + timedelta(days=1)
    begin = day.replace(hour=10, minute=0, second=0, microsecond=0, tzinfo=None)
    end = begin + timedelta(hours=1)
    lines = []
    if plan.emulates_google:
        line = _google(plan, next(iter(people), ANN), begin, end)
        lines.append(("change a Google calendar yourself, then look below", line))
    if plan.emulates_microsoft:
        lines.append(("an Outlook one", _microsoft(plan, begin, end)))
    if plan.serves_caldav:
        lines.append(("a CalDAV one", _caldav(plan, variables, begin, end)))
    return lines


def _google(plan: Plan, email: str, begin: datetime, end: datetime) -> str:
    times = {
        "start": {"dateTime": f"{begin.isoformat()}Z"},
        "end": {"dateTime": f"{end.isoformat()}Z"},
    }
    return _post(plan.google_url, email, {"summary": "Made by hand", **times})


def _microsoft(plan: Plan, begin: datetime, end: datetime) -> str:
    times = {
        "start": {"dateTime": begin.isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": end.isoformat(), "timeZone": "UTC"},
    }
    return _post(plan.microsoft_url, "ann@outlook.test", {"subject": "Made in Outlook", **times})


def _post(url: str, email: str, body: Mapping[str, object]) -> str:
    events = f"{url}/_control/people/{email}/calendars/primary/events"
    return f"curl -X POST {events} -H \"Content-Type: application/json\" -d '{dumps(body)}'"


def _caldav(plan: Plan, variables: Mapping[str, str], begin: datetime, end: datetime) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//me//by hand//EN", "BEGIN:VEVENT"),
        *("UID:by-hand", f"DTSTAMP:{begin:{STAMP}}", "SUMMARY:Made at home"),
        *(f"DTSTART:{begin:{STAMP}}", f"DTEND:{end:{STAMP}}", "END:VEVENT", "END:VCALENDAR", ""),
    )
    text = "\\r\\n".join(lines)
    url = f"{collection_url(plan, variables)}by-hand.ics"
    return (
        f"printf '{text}' | curl -X PUT -H \"Content-Type: text/calendar\" --data-binary @- {url}"
    )
