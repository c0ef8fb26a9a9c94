"""Import of .ics: nothing is lost silently, and what is imported means the same."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator_google.discovery import validator
from tests.emulator_google.helpers import ANN
from tests.support.google_emulator import GoogleEmulator
from tests.support.served_process import ROOT

CORPUS = ROOT.parent / "shared" / "data" / "ics"
COMPONENT = re.compile(rb"^BEGIN:(VEVENT|VTODO|VJOURNAL|VFREEBUSY)[ \t]*\r?$", re.M | re.I)
BERLIN_RULES = """BEGIN:VTIMEZONE
TZID:My own
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""


def fixed_rules(offset: str) -> str:
    lines = ["DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}"]
    inner = ["BEGIN:STANDARD", *lines, "END:STANDARD"]
    return "\n".join(["BEGIN:VTIMEZONE", "TZID:My own", *inner, "END:VTIMEZONE"])


def vevent(*lines: str, uid: str = "u1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def vcalendar(*parts: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *parts, "END:VCALENDAR", ""])


def upload(google: GoogleEmulator, text: str | bytes, calendar: str = "primary") -> dict[str, Any]:
    raw = text.encode() if isinstance(text, str) else text
    url = f"{google.url}/_control/people/{ANN}/calendars/{calendar}/import?file=x.ics"
    answer = httpx.post(url, content=raw, headers={"Content-Type": "text/calendar"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def only(google: GoogleEmulator, text: str | bytes) -> dict[str, Any]:
    """The one event that a file becomes."""
    report = upload(google, text)
    assert report["counts"] == {"components": 1, "imported": 1, "refused": 0}, report
    (event,) = google.events(ANN, deleted=True)
    return event


def reasons(google: GoogleEmulator, text: str | bytes) -> list[str]:
    return [row["reason"] for row in upload(google, text)["components"]]


def test_what_an_event_keeps(google: GoogleEmulator) -> None:
    event = only(
        google,
        vcalendar(
            vevent(
                "DTSTART;TZID=Europe/Berlin:20261124T100000",
                "DTEND;TZID=Europe/Berlin:20261124T113000",
                "SUMMARY:Plan\\, then act",
                "DESCRIPTION:line one\\nline two and a fold",
                " ed word",
                "LOCATION:Room 1",
                "STATUS:TENTATIVE",
                "TRANSP:TRANSPARENT",
                "CLASS:PRIVATE",
                "SEQUENCE:3",
                'ORGANIZER;CN="Olga O.":mailto:olga@else.test',
                "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:MAILTO:ann@example.test",
                "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:pia@else.test",
                "ATTENDEE:urn:uuid:1234",
            )
        ),
    )
    assert event["iCalUID"] == "u1"
    assert event["id"].startswith("_")
    assert event["summary"] == "Plan, then act"
    assert event["description"] == "line one\nline two and a folded word"
    assert (event["status"], event["transparency"]) == ("tentative", "transparent")
    assert (event["visibility"], event["sequence"]) == ("private", 3)
    assert event["organizer"] == {"email": "olga@else.test", "displayName": "Olga O."}
    assert event["attendees"] == [
        {"email": ANN, "displayName": "Ann", "responseStatus": "accepted", "self": True},
        {"email": "pia@else.test", "optional": True, "responseStatus": "needsAction"},
    ]


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (["DTSTART:20261124T090000Z", "DURATION:PT90M"], "10:00:00+01:00", "11:30:00+01:00"),
        (["DTSTART:20261124T090000Z"], "10:00:00+01:00", "10:00:00+01:00"),
        (["DTSTART:20261124T100000", "DTEND:20261124T110000"], "10:00:00+01:00", "11:00:00+01:00"),
        (
            ["DTSTART;TZID=W. Europe Standard Time:20261124T100000", "DURATION:PT1H"],
            "10:00:00+01:00",
            "11:00:00+01:00",
        ),
        (
            ['DTSTART;TZID="/mozilla.org/20070129_1/America/New_York":20261124T040000'],
            "10:00:00+01:00",
            "10:00:00+01:00",
        ),
        (["DTSTART:20261124T090060Z"], "10:00:59+01:00", "10:00:59+01:00"),
    ],
)
def test_times(google: GoogleEmulator, lines: list[str], start: str, end: str) -> None:
    event = only(google, vcalendar(vevent(*lines)))
    assert event["start"]["dateTime"] == f"2026-11-24T{start}"
    assert event["end"]["dateTime"] == f"2026-11-24T{end}"


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (["DTSTART;VALUE=DATE:20261124"], "2026-11-25"),
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124"], "2026-11-25"),
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261127"], "2026-11-27"),
        (["DTSTART;VALUE=DATE:20261124", "DURATION:P1W"], "2026-12-01"),
        (["DTSTART:20261124"], "2026-11-25"),
    ],
)
def test_whole_days(google: GoogleEmulator, lines: list[str], end: str) -> None:
    event = only(google, vcalendar(vevent(*lines)))
    assert (event["start"], event["end"]) == ({"date": "2026-11-24"}, {"date": end})


@pytest.mark.parametrize(
    ("rules", "zones", "moment"),
    [
        (BERLIN_RULES, {"Europe/Berlin", "Europe/Budapest"}, "10:00:00+01:00"),
        (fixed_rules("+0300"), {"Africa/Nairobi", "Asia/Riyadh", "Asia/Baghdad"}, "08:00:00+01:00"),
        (fixed_rules("-0217"), {"UTC"}, "13:17:00+01:00"),
    ],
)
def test_custom_zones(google: GoogleEmulator, rules: str, zones: set[str], moment: str) -> None:
    """Where several zones have the rules, any of them means the same."""
    lines = ["DTSTART;TZID=My own:20261124T100000", "RRULE:FREQ=DAILY;COUNT=2"]
    event = only(google, vcalendar(rules, vevent(*lines)))
    assert event["start"]["dateTime"] == f"2026-11-24T{moment}"
    assert event["start"]["timeZone"] in zones


def test_a_custom_zone_keeps_its_offset_where_nobody_else_has_it(google: GoogleEmulator) -> None:
    """Summer time in November: a moment keeps its instant, a series a fixed offset."""
    rules = BERLIN_RULES.replace("BYMONTH=10", "BYMONTH=12")
    lines = ["DTSTART;TZID=My own:20261124T100000", "RRULE:FREQ=DAILY;COUNT=2"]
    event = only(google, vcalendar(rules, vevent(*lines)))
    assert event["start"] == {"dateTime": "2026-11-24T09:00:00+01:00", "timeZone": "Etc/GMT-2"}


def test_floating_times_follow_the_file(google: GoogleEmulator) -> None:
    text = vcalendar("X-WR-TIMEZONE:Asia/Tokyo", vevent("DTSTART:20261124T180000"))
    assert only(google, text)["start"] == {
        "dateTime": "2026-11-24T10:00:00+01:00",
        "timeZone": "Asia/Tokyo",
    }


def test_series_and_overrides(google: GoogleEmulator, ann: Any) -> None:
    text = vcalendar(
        vevent(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261201T100000",
            "DTSTART;TZID=Europe/Berlin:20261202T150000",
            "DTEND;TZID=Europe/Berlin:20261202T160000",
            "SUMMARY:Moved",
        ),
        vevent(
            "DTSTART;TZID=Europe/Berlin:20261124T100000",
            "DTEND;TZID=Europe/Berlin:20261124T110000",
            "RRULE:FREQ=WEEKLY;COUNT=5",
            "EXDATE;TZID=Europe/Berlin:20261208T100000",
            "SUMMARY:Weekly",
        ),
        vevent(
            "RECURRENCE-ID:20261215T090000Z",
            "DTSTART;TZID=Europe/Berlin:20261215T100000",
            "STATUS:CANCELLED",
        ),
        vevent(
            "RECURRENCE-ID;VALUE=DATE:20261222",
            "DTSTART;TZID=Europe/Berlin:20261222T120000",
            "SUMMARY:Named by its day",
        ),
    )
    assert upload(google, text)["counts"]["imported"] == 4
    master = next(each for each in google.events(ANN) if "recurrence" in each)
    found = ann.events().instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    assert [(item["summary"], item["start"]["dateTime"]) for item in found] == [
        ("Weekly", "2026-11-24T10:00:00+01:00"),
        ("Moved", "2026-12-02T15:00:00+01:00"),
        ("Named by its day", "2026-12-22T12:00:00+01:00"),
    ]


def test_whole_day_overrides_named_by_a_moment(google: GoogleEmulator) -> None:
    text = vcalendar(
        vevent("DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=3"),
        vevent(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261125T000000",
            "DTSTART;VALUE=DATE:20261128",
            "SUMMARY:Moved",
        ),
    )
    upload(google, text)
    moved = next(each for each in google.events(ANN) if each.get("summary") == "Moved")
    assert moved["originalStartTime"] == {"date": "2026-11-25"}


@pytest.mark.parametrize(
    ("recurrence_id", "note"),
    [("20261125T090000Z", "no_such_occurrence"), ("20261201T090000Z", "")],
)
def test_overrides_of_nothing_stand_alone(
    google: GoogleEmulator, recurrence_id: str, note: str
) -> None:
    text = vcalendar(
        vevent("DTSTART:20261124T090000Z", "RRULE:FREQ=WEEKLY"),
        vevent(f"RECURRENCE-ID:{recurrence_id}", "DTSTART:20261126T090000Z"),
    )
    rows = upload(google, text)["components"]
    assert [row["outcome"] for row in rows] == ["imported", "imported"]
    assert rows[1].get("note", "") == note
    override = google.events(ANN)[-1]
    assert ("recurringEventId" in override) == (note == "")


def test_an_override_without_series(google: GoogleEmulator) -> None:
    text = vcalendar(vevent("RECURRENCE-ID:20261125T090000Z", "DTSTART:20261126T090000Z"))
    assert "recurringEventId" not in only(google, text)


def test_a_cancelled_event_is_imported_as_cancelled(google: GoogleEmulator) -> None:
    event = only(google, vcalendar(vevent("DTSTART:20261124T090000Z", "STATUS:CANCELLED")))
    assert event["status"] == "cancelled"


def test_missing_uids_are_made_up(google: GoogleEmulator) -> None:
    text = vcalendar("BEGIN:VEVENT", "DTSTART:20261124T090000Z", "END:VEVENT")
    assert only(google, text)["iCalUID"].endswith("@without-uid")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["SUMMARY:no start"], "missing_start"),
        (["DTSTART:tomorrow"], "unreadable_date"),
        (["DTSTART:20260230T100000Z"], "unreadable_date"),
        (["DTSTART:20261124T100000Z", "DTEND:20261124T090000Z"], "ends_before_it_starts"),
        (["DTSTART;VALUE=DATE:20261124", "DTEND:20261124T090000Z"], "mixed_start_and_end"),
        (["DTSTART;TZID=Nowhere/Land:20261124T100000"], "unknown_time_zone"),
        (["DTSTART:20261124T090000Z", "DURATION:PT1W"], "unreadable_duration"),
        (["DTSTART:20261124T090000Z", "DURATION:P99999999999W"], "unreadable_component"),
        (["DTSTART:20261124T090000Z", "RRULE:FREQ=SOMETIMES"], "unreadable_recurrence"),
        (
            ["DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "EXDATE:never"],
            "unreadable_recurrence",
        ),
        (
            ["DTSTART:20261124T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261124T090000Z"],
            "unsupported_range",
        ),
    ],
)
def test_refusals_are_named_and_hide_nobody(
    google: GoogleEmulator, lines: list[str], reason: str
) -> None:
    good = vevent("DTSTART:20261124T090000Z", uid="good")
    report = upload(google, vcalendar(good, vevent(*lines, uid="bad"), good.replace("od", "ld")))
    by_uid = {row["uid"]: row for row in report["components"]}
    assert (by_uid["bad"]["outcome"], by_uid["bad"]["reason"]) == ("refused", reason)
    assert report["counts"] == {"components": 3, "imported": 2, "refused": 1}


def test_other_components_are_counted(google: GoogleEmulator) -> None:
    parts = [f"BEGIN:{kind}\nUID:x\nEND:{kind}" for kind in ("VTODO", "VJOURNAL", "VFREEBUSY")]
    assert reasons(google, vcalendar(*parts)) == ["not_an_event"] * 3


def test_duplicates(google: GoogleEmulator) -> None:
    text = vcalendar(
        vevent("DTSTART:20261124T090000Z", "SEQUENCE:2", "SUMMARY:newest"),
        vevent("DTSTART:20261124T090000Z", "SEQUENCE:1", "SUMMARY:older"),
        vevent("DTSTART:20261124T090000Z", "SUMMARY:first", uid="u2"),
        vevent("DTSTART:20261124T090000Z", "SUMMARY:later", uid="u2"),
    )
    assert sorted(reasons(google, text)) == ["", "", *["superseded_duplicate"] * 2]
    assert {each["summary"] for each in google.events(ANN)} == {"newest", "later"}


UMLAUT = vcalendar(vevent("DTSTART:20261124T090000Z", "SUMMARY:ü"))


@pytest.mark.parametrize(
    "raw",
    [
        UMLAUT.encode("utf-8-sig"),
        UMLAUT.encode("latin-1"),
        UMLAUT.encode("utf-16"),
        UMLAUT.replace("\n", "\r\n").encode(),
        UMLAUT.replace("\n", "\r").encode(),
    ],
)
def test_encodings_and_line_ends(google: GoogleEmulator, raw: bytes) -> None:
    assert only(google, raw)["summary"] == "ü"


def test_several_calendars_in_one_file(google: GoogleEmulator) -> None:
    one = vcalendar(vevent("DTSTART:20261124T090000Z", uid="a"))
    two = vcalendar(vevent("DTSTART:20261124T090000Z", uid="b"))
    assert upload(google, one + two)["counts"]["imported"] == 2


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff\xfe garbage", b"<html></html>"])
def test_garbage_is_survived(google: GoogleEmulator, garbage: bytes) -> None:
    report = upload(google, garbage)
    assert (report["problem"], report["components"]) == ("not_icalendar", [])


def test_unterminated_components(google: GoogleEmulator) -> None:
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:cut\nDTSTART:20261124T090000Z\n" + vevent(
        "DTSTART:20261124T090000Z", uid="whole"
    )
    rows = {row["uid"]: row["reason"] for row in upload(google, text)["components"]}
    assert rows == {"cut": "unterminated_component", "whole": ""}


def test_importing_twice_changes_nothing_but_versions(google: GoogleEmulator) -> None:
    text = vcalendar(vevent("DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY"))
    upload(google, text)
    first = google.events(ANN)
    upload(google, text)
    assert [each["id"] for each in google.events(ANN)] == [each["id"] for each in first]
    assert google.control("imports")["counts"]["imported"] == 2


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real-world .ics corpus is not here")
def test_every_real_file_is_accounted_for() -> None:
    files = sorted(CORPUS.rglob("*.ics"))
    with GoogleEmulator("--ics", str(CORPUS)) as google:
        reports = {each["file"]: each for each in google.control("imports")["reports"]}
        assert len(reports) == len(files) > 100
        for path in files:
            report = reports[str(path.relative_to(CORPUS))]
            _check_report(report, path)
        _check_store(google)


def _check_report(report: dict[str, Any], path: Path) -> None:
    counts = report["counts"]
    assert counts["components"] == len(COMPONENT.findall(path.read_bytes())), path
    assert counts["imported"] + counts["refused"] == counts["components"]
    for row in report["components"]:
        assert (row["outcome"] == "refused") == bool(row["reason"]), row


def _check_store(google: GoogleEmulator) -> None:
    """As many stored events as were reported imported, each valid on the wire."""
    (archive,) = google.control("people")
    imported = google.control("imports")["counts"]["imported"]
    stored = [
        event
        for calendar in archive["calendars"]
        for event in google.events(archive["email"], calendar["id"], deleted=True)
    ]
    assert len(stored) == imported > 1500
    for event in stored:
        assert list(validator("Event").iter_errors(event)) == []
