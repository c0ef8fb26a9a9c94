"""Answers recorded from Graph, or printed in its documentation, compared in shape with ours."""

from typing import Any

import httpx
import pytest

from tests.emulator_microsoft.helpers import ANN, DAILY, Graph, recurring, timed, whole_day
from tests.emulator_microsoft.shapes import differences, recorded
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator

PACIFIC = 'outlook.timezone="Pacific Standard Time"'
FAR = "2026-11-27T18:23:45.9356913Z"
# Hints to people who explore, and what the service says no more since 2021.
GONE = {"/@microsoft.graph.tips is missing", "/notificationContentType is missing"}
SPAN = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z"


def check(wanted: Any, found: Any) -> None:
    """The recorded answer has nothing that ours lacks."""
    assert set(differences(wanted, found)) <= GONE


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("user-post-events", number) for number in (1, 3, 5, 7)),
        *(("calendar-post-events", number) for number in (1, 3)),
    ],
)
def test_created_events(ann: Graph, name: str, number: int) -> None:
    sent = recorded(f"msgraph-docs/{name}-{number:02d}.json")
    wanted = recorded(f"msgraph-docs/{name}-{number + 1:02d}.json")
    found = ann.post("/me/calendar/events", sent, Prefer=PACIFIC)
    check(wanted, found)
    assert found["recurrence"] == wanted["recurrence"]
    assert found["start"]["timeZone"] == wanted["start"]["timeZone"]
    for key in ("type", "showAs", "sensitivity", "importance", "originalStartTimeZone"):
        assert found[key] == wanted[key], key
    assert found.keys() - wanted.keys() <= {"allowNewTimeProposals", "onlineMeeting"}


@pytest.mark.parametrize("name", ["event-get-01", "event-get-02"])
def test_read_events(microsoft: MicrosoftEmulator, ann: Graph, name: str) -> None:
    wanted = recorded(f"msgraph-docs/{name}.json")
    body = {key: wanted[key] for key in ("subject", "body", "start", "end", "location")}
    lists = {key: wanted[key] for key in ("attendees", "locations") if key in wanted}
    made = ann.post("/me/events", body | lists)
    names = ",".join(key for key in wanted if not key.startswith("@") and key != "id")
    found = ann.get(f"/me/events/{made['id']}?$select={names}", Prefer=PACIFIC)
    # Proposals of other times are made in Outlook only.
    for attendee in wanted["attendees"]:
        attendee.pop("proposedNewTime", None)
    check(wanted, found)
    assert found.keys() == wanted.keys()


def test_listed_events(ann: Graph) -> None:
    wanted = recorded("msgraph-docs/user-list-events-01.json")
    event = wanted["value"][0]
    body = {key: event[key] for key in ("subject", "body", "start", "end", "attendees")}
    ann.post("/me/events", body | {"location": event["location"]})
    check(wanted, ann.get("/me/events"))


def test_instances(ann: Graph) -> None:
    master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY))
    wanted = recorded("msgraph-docs/event-list-instances-01.json")
    names = "subject,bodyPreview,seriesMasterId,type,recurrence,start,end"
    found = ann.get(f"/me/events/{master['id']}/instances?{SPAN}&$select={names}")
    check(wanted, found)
    assert found["value"][0].keys() == wanted["value"][0].keys()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_first_delta_rounds(ann: Graph, number: int) -> None:
    wanted = recorded(f"msgraph-docs/delta-query-events-{number:02d}.json")
    for day in range(2, 6):
        ann.post("/me/events", timed(f"2026-11-{day:02d}T09:00", body={"content": "x"}))
    found = ann.get(f"/me/calendarView/delta?{SPAN}", Prefer="odata.maxpagesize=2")
    if "@odata.deltaLink" in wanted:
        found = ann.get(found["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    check(wanted, found)


def test_a_later_delta_round(ann: Graph) -> None:
    wanted = recorded("msgraph-docs/delta-query-events-04.json")
    gone = ann.post("/me/events", timed("2026-11-03T09:00"))
    _, link = ann.pages(f"/me/calendarView/delta?{SPAN}")
    ann.delete(f"/me/events/{gone['id']}")
    location = wanted["value"][1]["location"]
    ann.post("/me/events", timed("2026-11-04T09:00", location=location))
    found = ann.get(link)
    found["value"].sort(key=lambda row: "@removed" not in row)
    check(wanted, found)
    check(wanted["value"][1], found["value"][1])


@pytest.mark.parametrize(
    "name", ["user-list-calendarview-01", "calendar-list-calendarview-01", "event-delta-01"]
)
def test_fragments(ann: Graph, name: str) -> None:
    ann.post("/me/events", timed("2026-11-03T09:00", transactionId="t"))
    wanted = recorded(f"msgraph-docs/{name}.json")["value"][0]
    check(wanted, ann.get(f"/me/calendarView?{SPAN}")["value"][0])


@pytest.mark.parametrize("name", ["calendars", "calendars_one"])
def test_recorded_calendars(ann: Graph, name: str) -> None:
    ann.post("/me/calendars", {"name": "Second", "color": "lightRed"})
    wanted, found = recorded(f"msgraph-ms365calendar/{name}.json"), ann.get("/me/calendars")
    check(wanted, found)
    assert found["value"][0].keys() == wanted["value"][0].keys()


@pytest.mark.parametrize("name", ["calendar1", "calendar2", "calendar3"])
def test_a_recorded_calendar(ann: Graph, name: str) -> None:
    wanted, found = recorded(f"msgraph-ms365calendar/{name}.json"), ann.get("/me/calendar")
    check(wanted, found)
    assert found.keys() == wanted.keys()


def test_the_recorded_person(ann: Graph) -> None:
    check(recorded("msgraph-ms365calendar/me.json"), ann.get("/me"))


def test_the_recorded_discovery_document(microsoft: MicrosoftEmulator) -> None:
    url = f"{microsoft.url}/common/v2.0/.well-known/openid-configuration"
    wanted, found = recorded("msgraph-ms365calendar/openid.json"), httpx.get(url).json()
    check(wanted, found)
    assert found.keys() == wanted.keys()


@pytest.mark.parametrize(
    "name",
    [
        "calendar1_calendar_view",
        "calendar1_calendar_view_all_day",
        "calendar1_calendar_view_none",
        "calendar1_calendar_view_not_started",
        "calendar1_calendar_view_started",
        "calendar2_calendar_view",
        "calendar3_calendar_view",
    ],
)
def test_recorded_views(ann: Graph, name: str) -> None:
    wanted = recorded(f"msgraph-ms365calendar/{name}.json")
    address = {"street": "", "city": "", "state": "", "countryOrRegion": "", "postalCode": ""}
    location = {
        "displayName": "Test Location",
        "locationUri": "",
        "address": address,
        "coordinates": {"latitude": 0, "longitude": 0},
    }
    guest = {"emailAddress": {"address": "jane@nomail.com"}}
    ann.post(
        "/me/events",
        whole_day(
            "2026-11-03",
            location=location,
            attendees=[guest],
            body={"contentType": "html", "content": "Test"},
        ),
    )
    found = ann.get(f"/me/calendarView?{SPAN}")
    for row in wanted["value"]:
        check(row, found["value"][0])
    check({key: value for key, value in wanted.items() if key != "value"}, found)


@pytest.mark.parametrize("name", ["calendar1_event1", "calendar1_event2"])
def test_recorded_events(ann: Graph, name: str) -> None:
    wanted = recorded(f"msgraph-ms365calendar/{name}.json")
    keys = ("subject", "body", "start", "end", "location", "isAllDay", "recurrence")
    made = ann.post("/me/events", {key: wanted[key] for key in keys if key in wanted})
    check(wanted, made)
    assert made["recurrence"] == wanted.get("recurrence")


@pytest.fixture
def in_november(microsoft: MicrosoftEmulator) -> None:
    """Two days before the expiry that is asked for; to be asked for before anybody signs in."""
    microsoft.set_clock("2026-11-25T12:00:00Z")


def subscribed(ann: Graph, receiver: GraphReceiver) -> dict[str, Any]:
    return ann.post(
        "/subscriptions",
        {
            "changeType": "created,updated",
            "notificationUrl": receiver.url(),
            "lifecycleNotificationUrl": receiver.url("/life"),
            "resource": "me/events",
            "expirationDateTime": FAR,
            "clientState": "secretClientValue",
        },
    )


def test_subscriptions(in_november: None, ann: Graph, receiver: GraphReceiver) -> None:
    made = subscribed(ann, receiver)
    check(recorded("msgraph-docs/subscription-post-subscriptions-02.json"), made)
    path = f"/subscriptions/{made['id']}"
    check(recorded("msgraph-docs/subscription-get-01.json"), ann.get(path))
    changed = ann.patch(path, {"expirationDateTime": FAR})
    check(recorded("msgraph-docs/subscription-update-02.json"), changed)
    wanted = recorded("msgraph-docs/subscription-list-01.json")
    del wanted["value"][0]["notificationContentType"]
    check(wanted, ann.get("/subscriptions"))


def test_notifications(
    in_november: None, microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    subscribed(ann, receiver)
    microsoft.create_event(ANN, timed("2026-11-26T09:00"))
    found = receiver.wait_for(2)[0]
    for name in ("webhooks-03", "changenotification-01"):
        wanted = recorded(f"msgraph-docs/{name}.json")
        check(wanted.get("value", [wanted])[0], found)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("webhooks-lifecycle-02", "subscriptionRemoved"),
        ("webhooks-lifecycle-03", "missed"),
        ("webhooks-lifecycle-04", "reauthorizationRequired"),
    ],
)
def test_lifecycle_notifications(
    in_november: None,
    microsoft: MicrosoftEmulator,
    ann: Graph,
    receiver: GraphReceiver,
    name: str,
    event: str,
) -> None:
    subscribed(ann, receiver)
    assert microsoft.lifecycle(event) == 1
    [found] = receiver.wait_for(1, "/life")
    [wanted] = recorded(f"msgraph-docs/{name}.json")["value"]
    check(wanted, found)
    assert found.keys() == wanted.keys()
    assert found["lifecycleEvent"] == wanted["lifecycleEvent"]


def test_errors(ann: Graph) -> None:
    wanted = recorded("msgraph-docs/throttling-01.json")
    # Only SharePoint and OneDrive repeat the status inside.
    for name in ("code", "message", "status"):
        del wanted["error"]["innerError"][name]
    check(wanted, ann.ask("GET", "/me/events/nothing").json())


def test_translated_ids(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-03T09:00"))
    sent = recorded("msgraph-docs/outlook-immutable-id-01.json") | {"inputIds": [made["id"]]}
    found = ann.post("/me/translateExchangeIds", sent)
    check(recorded("msgraph-docs/outlook-immutable-id-02.json"), found)
    immutable = ann.get(f"/me/events/{made['id']}", Prefer='IdType="ImmutableId"')["id"]
    assert found["value"] == [{"sourceId": made["id"], "targetId": immutable}]
