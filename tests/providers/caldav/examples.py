"""iCalendar objects as programs write them."""

from textwrap import dedent


def vevent(uid: str, *lines: str) -> str:
    """One VEVENT: an hour on the 24th of November 2026, unless `lines` say when."""
    names = {line.split(":")[0].split(";")[0] for line in lines}
    times = [] if "DTSTART" in names else ["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"]
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *times, *lines, "END:VEVENT", ""]
    )


def vcalendar(*components: str) -> str:
    """An iCalendar object."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
    return f"{head}{''.join(components)}END:VCALENDAR\r\n"


def titled(uid: str, title: str, *lines: str) -> str:
    """An object with one event of that title."""
    return vcalendar(vevent(uid, f"SUMMARY:{title}", *lines))


BERLIN = (
    dedent(
        """\
        BEGIN:VTIMEZONE
        TZID:Europe/Berlin
        BEGIN:STANDARD
        DTSTART:19961027T030000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:19810329T020000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0200
        END:DAYLIGHT
        END:VTIMEZONE
        """
    )
    .strip()
    .replace("\n", "\r\n")
    + "\r\n"
)
