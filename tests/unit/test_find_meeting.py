"""The meeting behind an event: its URL in any wrapping, its platform, and whether it is one."""

from dataclasses import replace
from datetime import UTC, date, datetime
from time import process_time

import pytest

from shared.decide.find_meeting import LONGEST_URL, Meeting, find_meeting, is_meeting
from shared.decide.meeting_platforms import PLATFORMS, platform_of
from shared.model import Attendee, Event, Organizer, When
from shared.states import EventKind, EventStatus

JOINABLE = [
    ("google_meet", "https://meet.google.com/abc-defg-hij"),
    ("google_meet", "https://meet.google.com/lookup/abcdefg?authuser=0"),
    ("google_meet", "https://g.co/meet/standup"),
    ("google_meet", "https://hangouts.google.com/hangouts/_/x.test/room"),
    ("zoom", "https://zoom.us/j/98765432100?pwd=UzFrZXQ.1"),
    ("zoom", "https://us02web.zoom.us/j/98765432100"),
    ("zoom", "https://acme.zoom.us/my/ann.smith"),
    ("zoom", "https://acme-corp.eu.zoom.us/w/98765432100"),
    ("zoom", "https://www.zoomgov.com/j/1601234567"),
    ("zoom", "https://acme.zoom.com/s/98765432100"),
    (
        "teams",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm9v%40thread.v2/0"
        "?context=%7b%22Tid%22%3a%22a%22%7d",
    ),
    ("teams", "https://teams.microsoft.com/meet/2112345678?p=Ab1"),
    ("teams", "https://teams.live.com/meet/9312345678"),
    ("teams", "https://gov.teams.microsoft.us/l/meetup-join/19%3ameeting"),
    ("webex", "https://acme.webex.com/meet/ann"),
    ("webex", "https://acme.webex.com/acme/j.php?MTID=m1234"),
    ("webex", "https://acme.my.webex.com/wbxmjs/joinservice/sites/acme/meeting/download/1"),
    ("gotomeeting", "https://global.gotomeeting.com/join/123456789"),
    ("gotomeeting", "https://app.gotomeeting.com/?meetingId=123456789"),
    ("gotomeeting", "https://meet.goto.com/123456789"),
    ("gotomeeting", "https://gotomeet.me/ann"),
    ("whereby", "https://whereby.com/acme-room"),
    ("whereby", "https://acme.whereby.com/daily"),
    ("jitsi", "https://meet.jit.si/AcmeDaily"),
    ("jitsi", "https://jitsi.example.org/daily"),
    ("jitsi", "https://8x8.vc/acme/daily"),
    ("bluejeans", "https://bluejeans.com/123456789/1234"),
    ("bluejeans", "https://primetime.bluejeans.com/a2m/live-event/abc"),
    ("chime", "https://chime.aws/1234567890"),
    ("chime", "https://app.chime.aws/meetings/1234567890"),
    ("around", "https://meet.around.co/r/acme"),
    ("discord", "https://discord.gg/abc123"),
    ("discord", "https://discord.com/channels/1234/5678"),
    ("slack", "https://app.slack.com/huddle/T012AB3C4/C012AB3C4"),
    ("slack", "https://acme.slack.com/call/R012AB3C4"),
    ("skype", "https://join.skype.com/abc"),
    ("facetime", "https://facetime.apple.com/join#v=1&p=abc"),
    ("ringcentral", "https://v.ringcentral.com/join/123456789"),
    ("dialpad", "https://meetings.dialpad.com/room/acme"),
    ("lark", "https://vc.larksuite.com/j/123456789"),
    ("tencent", "https://meeting.tencent.com/dm/AbCd"),
    ("zoho", "https://meeting.zoho.eu/join?key=123456"),
    ("gather", "https://app.gather.town/app/abc/acme"),
    ("lifesize", "https://call.lifesizecloud.com/123456"),
]
ZOOM = "https://acme.zoom.us/j/98765432100?pwd=a1"
ZOOM_MEETING = Meeting(ZOOM, "zoom")


@pytest.mark.parametrize(("platform", "url"), JOINABLE)
def test_knows_the_platforms(platform: str, url: str) -> None:
    assert find_meeting(None, [f"Join here: {url}."]) == Meeting(url, platform)


def test_every_platform_of_the_table_has_an_example() -> None:
    assert {platform for platform, _ in JOINABLE} == PLATFORMS


@pytest.mark.parametrize(
    "url",
    [
        "https://zoom.us/rec/share/abc",
        "https://zoom.us/u/abcd",  # phone numbers
        "https://support.google.com/meet/answer/1",
        "https://meet.google.com/landing",
        "https://teams.microsoft.com/l/channel/19%3a",
        "https://teams.microsoft.com/meetingOptions/?id=1",
        "https://acme.webex.com/meet",
        "https://whereby.com/information/tos",
        "https://acme.slack.com/archives/C1",
        "https://discord.com/terms",
        "https://zoom.us@evil.test/j/1",
        "https://evil.test/zoom.us/j/1",
        "https://evil.test/?next=https://zoom.us/",
        "https://notzoom.us.evil.test/j/1",
        "https://zoom\u2100.us/j/1",  # a sign that stands for a/c
        "ftp://zoom.us/j/1",
        "ann@zoom.us/j/1",
    ],
)
def test_is_not_fooled(url: str) -> None:
    assert find_meeting(None, [url]) is None


def test_only_the_web_has_platforms() -> None:
    assert platform_of("ftp://zoom.us/j/1") is None
    assert platform_of("https://zoom.us/j/1") == "zoom"


@pytest.mark.parametrize(
    "text",
    [
        f"{ZOOM}",
        f"<p>Join <a class='b' href=\"{ZOOM}\">here</a></p>",
        f"<{ZOOM}>",
        f"[join]({ZOOM})",
        f"({ZOOM}).",
        f"Zoom:{ZOOM};",
        f"**{ZOOM}**",
        f"&lt;a href=&quot;{ZOOM}&quot;&gt;here&lt;/a&gt;",
        "Zoom: acme.zoom.us/j/98765432100?pwd=a1",
        f"https://x.test/agenda and then {ZOOM}, or https://meet.google.com/abc-defg-hij",
    ],
)
def test_finds_it_in_plain_text_and_html(text: str) -> None:
    assert find_meeting(None, [None, "", "Room 4", text]) == ZOOM_MEETING


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://zoom.us/j/1?a=1&amp;pwd=x", "https://zoom.us/j/1?a=1&pwd=x"),
        ("https://zoom.us/j/1?a=1&#38;pwd=x", "https://zoom.us/j/1?a=1&pwd=x"),
        ("https://zoom.us/j/1?a=1&region=eu&copy=2", "https://zoom.us/j/1?a=1&region=eu&copy=2"),
        ("https://zoom.us/j/1?name=(x)", "https://zoom.us/j/1?name=(x)"),
        ("HTTPS://ZOOM.US/j/1", "HTTPS://ZOOM.US/j/1"),
    ],
)
def test_takes_escapes_off_but_leaves_parameters(written: str, url: str) -> None:
    assert find_meeting(None, [written]) == Meeting(url, "zoom")


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.zoom.us%2Fj%2F"
        "98765432100%3Fpwd%3Da1&data=05%7C01&sdata=x&reserved=0",
        "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.zoom.us%2Fj%2F"
        "98765432100%3Fpwd%3Da1&amp;data=05%7C01&amp;sdata=x&amp;reserved=0",
        "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html"
        "?url=https%3A%2F%2Facme.zoom.us%2Fj%2F98765432100%3Fpwd%3Da1&locale=en",
        "https://urldefense.proofpoint.com/v1/url?u=https://acme.zoom.us/j/98765432100?pwd%3Da1"
        "&k=x",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__acme.zoom.us_j_98765432100-3Fpwd"
        "-3Da1&d=DwMFaQ&c=x&r=y&m=z&s=s&e=",
        "https://urldefense.com/v3/__https://acme.zoom.us/j/98765432100?pwd=a1__;!!Ab!Cd-Ef$",
        "https://urldefense.com/v3/__https:/acme.zoom.us/j/98765432100?pwd=a1__;!!Ab!Cd$ ",
        "https://urldefense.us/v3/__https://acme.zoom.us/j/98765432100*pwd=a1__;Pw!!Ab!Cd$",
        "https://urldefense.com/v3/__https://acme.zoom.us/j/98765432100**Bd=a1__;P3B3!!Ab!C$",
        "https://www.google.com/url?q=https%3A%2F%2Facme.zoom.us%2Fj%2F98765432100%3Fpwd%3Da1&sa=D",
        "https://www.google.de/url?url=https%3A%2F%2Facme.zoom.us%2Fj%2F98765432100%3Fpwd%3Da1",
        "https://meet.google.com/linkredirect?authuser=0&dest=https%3A%2F%2Facme.zoom.us%2Fj%2F"
        "98765432100%3Fpwd%3Da1",
        "https://slack-redir.net/link?url=https%3A%2F%2Facme.zoom.us%2Fj%2F98765432100%3Fpwd%3Da1",
        "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2facme.zoom.us%2fj%2f98765432100%3fpwd"
        "%3da1&c=E,1",
        # a safelink around a Proofpoint link
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Furldefense.com%2Fv3%2F"
        "__https%3A%2F%2Facme.zoom.us%2Fj%2F98765432100%3Fpwd%3Da1__%3B!!Ab!Cd%24&data=05",
    ],
)
def test_unwraps_what_mail_filters_wrap(wrapped: str) -> None:
    assert find_meeting(None, [wrapped]) == ZOOM_MEETING
    assert find_meeting(wrapped.strip(), []) == ZOOM_MEETING


@pytest.mark.parametrize(
    "broken",
    [
        "https://nam02.safelinks.protection.outlook.com/?data=05",
        "https://nam02.safelinks.protection.outlook.com/?url=zoom.us",
        "https://www.google.com/search?q=https://zoom.us/j/1",
        "https://urldefense.proofpoint.com/v2/url?d=x",
        "https://urldefense.proofpoint.com/v2/url?u=mailto-3Ax",
        "https://urldefense.com/v3/zoom.us/j/1",
        "https://urldefense.com/v3/__https://zoom.us/j/*__;A!!x!y$",  # no base64
        "https://urldefense.com/v3/__https://zoom.us/j/*__;_w!!x!y$",  # no UTF-8
        "https://urldefense.com/other",
    ],
)
def test_a_wrapping_that_cannot_be_read_is_left_alone(broken: str) -> None:
    assert find_meeting(None, [broken]) is None
    assert find_meeting(broken, []) == Meeting(broken, "other")


def test_runs_out_of_replacements_quietly() -> None:
    wrapped = "https://urldefense.com/v3/__https://zoom.us/j/1***__;Iw!!x!y$"
    assert find_meeting(None, [wrapped]) == Meeting("https://zoom.us/j/1", "zoom")


def test_wrappings_in_wrappings_come_to_an_end() -> None:
    url = ZOOM
    for _ in range(7):
        url = "https://www.google.com/url?q=" + url.replace("%", "%25").replace("&", "%26").replace(
            "?", "%3F"
        )
    meeting = find_meeting(url, [])
    assert meeting is not None
    assert meeting.platform == "other"
    assert meeting.url.startswith("https://www.google.com/url?q=")


def test_conference_data_comes_first_then_the_texts_in_their_order() -> None:
    texts = ["https://meet.jit.si/Location", "https://whereby.com/description"]
    assert find_meeting(f" {ZOOM} ", texts) == ZOOM_MEETING
    assert find_meeting(None, texts) == Meeting("https://meet.jit.si/Location", "jitsi")
    assert find_meeting("https://rooms.acme.test/7", texts) == Meeting(
        "https://rooms.acme.test/7", "other"
    )


@pytest.mark.parametrize(
    "stated",
    [None, "", "tel:+49301234", "zoommtg://zoom.us/join?confno=1", "javascript:alert(1)",
     "https://", "https://a b", 'https://a"b', "https://x.test/" + "a" * LONGEST_URL],
)  # fmt: skip
def test_conference_data_that_is_no_web_address_gives_way(stated: str | None) -> None:
    assert find_meeting(stated, [ZOOM]) == ZOOM_MEETING
    assert find_meeting(stated, []) is None


def test_an_endless_address_is_none() -> None:
    assert find_meeting(None, ["https://zoom.us/j/" + "1" * LONGEST_URL, ZOOM]) == ZOOM_MEETING


@pytest.mark.parametrize(
    "text",
    [
        "http://" * 150_000,
        "a." * 500_000,
        "http://a.b/c " * 77_000,
        "abc.def." * 125_000 + "/",
        ("https://" + "a." * 4000 + "zoom.us/x ") * 120,
        ("https://acme.webex.com" + "/a" * 4000 + " ") * 120,
        ("https://urldefense.com" + "/v3/__a" * 1100 + " ") * 120,
        ("https://x.safelinks.protection.outlook.com/?" + "url=a&" * 1300 + " ") * 120,
        "https://zoom.us/" + "&amp" * 250_000,
        "&lt;" * 250_000,
        "(" * 1_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_megabyte_made_to_hurt_does_not(text: str) -> None:
    begun = process_time()
    assert find_meeting(None, [text]) is None
    assert process_time() - begun < 15  # linear takes about one; quadratic would take minutes


TEN = When(
    start_at=datetime(2026, 11, 24, 9, tzinfo=UTC), end_at=datetime(2026, 11, 24, 10, tzinfo=UTC)
)
ME = Attendee("ann@x.test", is_self=True)
BOB = Attendee("bob@y.test")
ROOM = Attendee("room4@resource.test", resource=True)
MINE, THEIRS = Organizer("ann@x.test", is_self=True), Organizer("bob@y.test")
ALONE = Event("e1", EventKind.SINGLE, EventStatus.CONFIRMED, '"1"', when=TEN, organizer=MINE)


@pytest.mark.parametrize(
    "event",
    [
        replace(ALONE, attendees=(ME, BOB)),
        replace(ALONE, conference_url=ZOOM),
        replace(ALONE, attendees=(ME,), organizer=THEIRS),  # the guest list is hidden
        replace(ALONE, attendees=(BOB,), status=EventStatus.TENTATIVE),
    ],
)
def test_people_meet(event: Event) -> None:
    assert is_meeting(event)


@pytest.mark.parametrize(
    "event",
    [
        ALONE,
        replace(ALONE, attendees=(ME, ROOM)),
        replace(ALONE, attendees=(ME,), organizer=None),
        replace(ALONE, organizer=THEIRS),  # a calendar that someone shares
        replace(ALONE, attendees=(BOB,), status=EventStatus.CANCELLED),
        replace(
            ALONE,
            attendees=(BOB,),
            when=When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 25)),
        ),
        replace(ALONE, conference_url=ZOOM, when=None),
    ],
)
def test_nobody_meets(event: Event) -> None:
    assert not is_meeting(event)
