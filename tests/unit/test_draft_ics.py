"""Drafts as iCalendar objects: made anew, and written into what others stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.decide.draft_ics import changed_ics, ics_name, new_ics
from shared.decide.normalise_ics import normalise_ics
from shared.model import Draft, Event, When, Window
from shared.states import ShowAs, Visibility

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAMP = datetime(2026, 11, 1, 12, tzinfo=UTC)
TAG = "calsync:b:0a1b2c3d:00112233445566ff:ff66554433221100"
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
DRAFT = Draft(When(NINE, NINE + HOUR), "Board", time_zone="Europe/Berlin")
LATER = replace(DRAFT, when=When(NINE + HOUR, NINE + 2 * HOUR), summary="Later")


def lines(text: str) -> list[str]:
    """The content lines of the VEVENTs, unfolded."""
    unfolded = text.replace("\r\n ", "")
    return unfolded[unfolded.index("BEGIN:VEVENT") : unfolded.index("END:VCALENDAR")].splitlines()


def read(text: str) -> Event:
    """The event as a sync reads it."""
    found = normalise_ics({"href": "/a.ics", "etag": "", "data": text}, "UTC", WINDOW)[0]
    assert isinstance(found, Event), found
    return found


def stored(*more: str) -> str:
    """An object as another program wrote it; lines of `more` replace those of the same name.

    Whoever gives a start gives an end, or none.
    """
    own = ["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:Board"]
    names = {line.partition(":")[0].partition(";")[0] for line in more}
    names |= {"DTEND"} if "DTSTART" in names else set()
    kept = [line for line in own if line.partition(":")[0] not in names]
    event = ["BEGIN:VEVENT", "UID:u@x.test", "DTSTAMP:20260101T000000Z", *kept, *more, "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//X//", *event,
                        "END:VCALENDAR", ""])  # fmt: skip


def changed(text: str, draft: Draft = LATER) -> list[str]:
    return lines(changed_ics(text, draft, TAG, STAMP))


def test_a_new_event() -> None:
    text = new_ics(DRAFT, TAG, STAMP)
    assert text.startswith("BEGIN:VCALENDAR\r\nPRODID:-//CalSync//CalSync//EN\r\nVERSION:2.0\r\n")
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n" in text
    assert lines(text) == [
        "BEGIN:VEVENT",
        "UID:0a1b2c3d00112233445566ffff66554433221100@calsync",
        "DTSTAMP:20261101T120000Z",
        "LAST-MODIFIED:20261101T120000Z",
        "DTSTART;TZID=Europe/Berlin:20261124T100000",
        "DTEND;TZID=Europe/Berlin:20261124T110000",
        "SUMMARY:Board",
        "TRANSP:OPAQUE",
        f"X-CALSYNC:{TAG}",
        "END:VEVENT",
    ]
    assert ics_name(TAG) == "calsync-0a1b2c3d00112233445566ffff66554433221100.ics"


def test_times_in_utc_need_no_description_of_clocks() -> None:
    text = new_ics(replace(DRAFT, time_zone=None), TAG, STAMP)
    assert "VTIMEZONE" not in text
    assert {"DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"} <= set(lines(text))


def test_days() -> None:
    days = When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 26))
    text = new_ics(replace(DRAFT, when=days), TAG, STAMP)
    assert {"DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126"} <= set(lines(text))
    assert read(text).when == days


def test_texts_of_any_kind_come_back() -> None:
    title = "🔒 Board, budget; plans \\ " + "ä" * 200
    description = "One\nTwo\\n, three"
    text = new_ics(replace(DRAFT, summary=title, description=description), TAG, STAMP)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    event = read(text)
    assert (event.summary, event.description) == (title, description)


def test_what_no_text_may_hold_is_left_out() -> None:
    text = new_ics(replace(DRAFT, summary="a\x00b\x0bc\x7fd", description="\x01"), TAG, STAMP)
    event = read(text)
    assert (event.summary, event.description) == ("abcd", None)


@pytest.mark.parametrize("show_as", ShowAs)
@pytest.mark.parametrize("visibility", Visibility)
def test_kinds_come_back(show_as: ShowAs, visibility: Visibility) -> None:
    draft = replace(DRAFT, show_as=show_as, visibility=visibility)
    told = Visibility.DEFAULT if visibility is Visibility.PUBLIC else visibility
    # Whatever was there before.
    others = (
        stored("TRANSP:TRANSPARENT", "CLASS:CONFIDENTIAL", "STATUS:TENTATIVE"),
        stored("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "CLASS:PRIVATE"),
    )
    for text in (new_ics(draft, TAG, STAMP), *(changed_ics(o, draft, TAG, STAMP) for o in others)):
        event = read(text)
        assert (event.show_as, event.visibility) == (show_as, told)


def test_what_others_stored_stays() -> None:
    theirs = (
        "ATTENDEE;CN=\"Bob, Jr.\";PARTSTAT=ACCEPTED:mailto:bob@x.test",
        "ORGANIZER:mailto:ann@x.test",
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        "CATEGORIES:Green,Blue",
        "DUE:no date at all",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT7M",
        "DESCRIPTION:Soon",
        "END:VALARM",
    )  # fmt: skip
    found = changed(stored(*theirs, "SEQUENCE:7"))
    assert [line for line in theirs if line not in found] == []
    assert "UID:u@x.test" in found
    assert {"SEQUENCE:8", "DTSTAMP:20261101T120000Z", "LAST-MODIFIED:20261101T120000Z",
            "SUMMARY:Later", f"X-CALSYNC:{TAG}"} <= set(found)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"), [("", "1"), ("SEQUENCE:2", "3"), ("SEQUENCE:-9", "1"), ("SEQUENCE:x", "1")]
)
def test_the_sequence_goes_up(before: str, after: str) -> None:
    found = changed(stored(*([before] if before else [])))
    assert [line for line in found if line.startswith("SEQUENCE")] == [f"SEQUENCE:{after}"]


def test_what_stays_keeps_its_parameters() -> None:
    draft = replace(DRAFT, description="Agenda", location="Room 1")
    theirs = (
        "SUMMARY;LANGUAGE=de:Board",
        "DESCRIPTION;ALTREP=\"cid:x\":Agenda",
        "LOCATION;LANGUAGE=en:Room 1",
        "X-ALT-DESC;FMTTYPE=text/html:<b>Agenda</b>",
        "DTSTART;TZID=W. Europe Standard Time:20261124T100000",
        "DTEND;TZID=W. Europe Standard Time:20261124T110000",
    )  # fmt: skip
    found = changed(stored(*theirs), draft)
    assert [line for line in theirs if line not in found] == []
    other = changed(stored(*theirs), replace(draft, description="Other", location=None))
    assert "DESCRIPTION:Other" in other
    assert not any(line.startswith(("X-ALT-DESC", "LOCATION")) for line in other)


@pytest.mark.parametrize(
    "times",
    [
        ("DTSTART:20261124T090000Z", "DURATION:PT1H"),
        ("DTSTART:20261124T090000", "DTEND:20261124T100000"),
        ("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"),
        ("DTSTART:20261124T090000Z",),
        ("DTSTART:20261124T090000Z", "DTEND:20261124T093000Z"),
        ("DTSTART:20261124T090000Z", "DTSTART:20261124T080000Z"),
    ],
)
def test_times_in_any_form_become_the_drafts(times: tuple[str, ...]) -> None:
    text = changed_ics(stored(*times), DRAFT, TAG, STAMP)
    assert read(text).when == DRAFT.when
    assert "DURATION" not in text
    assert text.count("DTEND") == 1


def test_of_a_series_the_master_changes() -> None:
    instance = (
        "BEGIN:VEVENT\r\nUID:u@x.test\r\nRECURRENCE-ID:20261201T090000Z\r\nSUMMARY:Instance\r\n"
        "DTSTART:20261201T120000Z\r\nDTEND:20261201T130000Z\r\nEND:VEVENT\r\n"
    )
    text = stored("RRULE:FREQ=WEEKLY;COUNT=3", "DTSTART;TZID=Europe/Berlin:20261124T100000",
                  "DTEND;TZID=Europe/Berlin:20261124T110000")  # fmt: skip
    whole = text.replace("BEGIN:VEVENT", instance + "BEGIN:VEVENT", 1)
    found = changed(whole, replace(DRAFT, summary="Weekly", time_zone=None))
    assert {"SUMMARY:Instance", "SUMMARY:Weekly"} <= set(found)
    assert "DTSTART;TZID=Europe/Berlin:20261124T100000" in found, "it follows these clocks"


def test_of_two_masters_the_newer_one_changes() -> None:
    newer = "UID:u@x.test\r\nSEQUENCE:5\r\nSUMMARY:New\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT"
    text = stored("SUMMARY:Old", "SEQUENCE:4")
    whole = text.replace("END:VCALENDAR", f"BEGIN:VEVENT\r\n{newer}\r\nEND:VCALENDAR")
    found = changed(whole)
    assert {"SUMMARY:Old", "SEQUENCE:4", "SUMMARY:Later", "SEQUENCE:6"} <= set(found)
    assert "SUMMARY:New" not in found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no calendar",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
        stored() + stored(),
        "BEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\n",
        stored("RECURRENCE-ID:20261124T090000Z"),
    ],
)
def test_what_is_no_event_cannot_be_changed(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be rewritten"):
        changed_ics(text, LATER, TAG, STAMP)
