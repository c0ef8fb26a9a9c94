"""A folder of .ics files for tests: one file with an event, and with one that nobody can date."""

from pathlib import Path

_LINES = (
    *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//CalSync//Tests//EN"),
    *("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Good"),
    *("DTSTART:20300102T100000Z", "DTEND:20300102T110000Z", "END:VEVENT"),
    *("BEGIN:VEVENT", "UID:2", "DTSTAMP:20260101T000000Z", "SUMMARY:Never", "END:VEVENT"),
    "END:VCALENDAR",
)


def archive_folder(parent: Path) -> Path:
    """Makes the folder below `parent`."""
    folder = parent / "archive"
    folder.mkdir()
    (folder / "one.ics").write_text("\r\n".join((*_LINES, "")), newline="")
    return folder
