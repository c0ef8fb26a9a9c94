"""The person and their calendars."""

import pytest

from tests.emulator_microsoft.helpers import ANN, BEN, Graph, refused, timed
from tests.support.microsoft_emulator import MicrosoftEmulator


def test_a_mailbox_begins_with_one_calendar(ann: Graph) -> None:
    [calendar] = ann.get("/me/calendars")["value"]
    assert calendar["isDefaultCalendar"]
    assert not calendar["isRemovable"]
    assert ann.get("/me/calendar")["id"] == calendar["id"]
    assert ann.get(f"/me/calendars/{calendar['id']}")["name"] == "Calendar"


def test_lists_are_paged(ann: Graph) -> None:
    for number in range(12):
        ann.post("/me/calendars", {"name": f"c{number}"})
    first = ann.get("/me/calendars")
    assert len(first["value"]) == 10
    assert len(ann.everything("/me/calendars")) == 13
    assert len(ann.everything("/me/calendars?$top=2&$select=name")) == 13
    assert len(ann.get("/me/calendars?$top=100")["value"]) == 13


def test_a_name_is_taken_once(ann: Graph) -> None:
    ann.post("/me/calendars", {"name": "Family"})
    again = ann.ask("POST", "/me/calendars", {"name": "family"})
    assert refused(again) == (409, "ErrorFolderExists")
    assert ann.ask("POST", "/me/calendars", {}).status_code == 400


def test_renaming_and_recolouring(ann: Graph) -> None:
    made = ann.post("/me/calendars", {"name": "Family"})
    path = f"/me/calendars/{made['id']}"
    changed = ann.patch(path, {"name": "Kin", "color": "lightRed"})
    assert (changed["name"], changed["color"]) == ("Kin", "lightRed")
    assert changed["changeKey"] != made["changeKey"]
    assert ann.patch("/me/calendar", {"color": "lightTeal"})["color"] == "lightTeal"
    assert ann.ask("PATCH", path, {"color": "plaid"}).status_code == 400


def test_deleting(ann: Graph) -> None:
    made = ann.post("/me/calendars", {"name": "Family"})
    path = f"/me/calendars/{made['id']}"
    event = ann.post(f"{path}/events", timed("2026-11-24T10:00"))
    ann.delete(path)
    assert refused(ann.ask("DELETE", path)) == (404, "ErrorItemNotFound")
    assert refused(ann.ask("GET", f"/me/events/{event['id']}")) == (404, "ErrorItemNotFound")
    default = ann.get("/me/calendar")["id"]
    answer = ann.ask("DELETE", f"/me/calendars/{default}")
    assert refused(answer) == (400, "ErrorDeleteDistinguishedFolder")


def test_ids_are_case_sensitive(ann: Graph) -> None:
    made = ann.get("/me/calendar")["id"]
    assert ann.ask("GET", f"/me/calendars/{made.swapcase()}").status_code == 404


def test_mailboxes_are_apart(microsoft: MicrosoftEmulator, ann: Graph, ben: Graph) -> None:
    calendar = ann.get("/me/calendar")["id"]
    event = ann.post("/me/events", timed("2026-11-24T10:00"))["id"]
    for path in (f"/me/calendars/{calendar}", f"/me/events/{event}"):
        assert refused(ben.ask("GET", path)) == (404, "ErrorItemNotFound")
    person = ann.get("/me")["id"]
    assert refused(ben.ask("GET", f"/users/{person}/events")) == (403, "ErrorAccessDenied")


@pytest.mark.parametrize("by", ["id", "userPrincipalName"])
def test_a_mailbox_has_three_addresses(ann: Graph, by: str) -> None:
    person = ann.get("/me")[by]
    made = ann.post(f"/users/{person}/calendar/events", timed("2026-11-24T10:00"))
    assert ann.get(f"/users/{person}/events/{made['id']}")["id"] == made["id"]
    assert [row["id"] for row in ann.get("/me/events")["value"]] == [made["id"]]


def test_a_calendar_may_be_read_only(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    calendar = microsoft.add_calendar(ANN, "Holidays", can_edit=False)
    path = f"/me/calendars/{calendar}"
    assert not ann.get(path)["canEdit"]
    event = microsoft.create_event(ANN, timed("2026-11-24T10:00"), "Holidays")["id"]
    denied = (403, "ErrorAccessDenied")
    assert refused(ann.ask("POST", f"{path}/events", timed("2026-11-24T10:00"))) == denied
    assert refused(ann.ask("PATCH", f"/me/events/{event}", {"subject": "x"})) == denied
    assert refused(ann.ask("DELETE", f"/me/events/{event}")) == denied


def test_unknown_addresses(ann: Graph) -> None:
    assert refused(ann.ask("GET", "/me/kalendar")) == (404, "ResourceNotFound")
    assert refused(ann.ask("PUT", "/me/calendars")) == (405, "UnknownError")
    # A person of the same emulator, seen only through their own token.
    assert refused(ann.ask("GET", f"/users/{BEN}")) == (403, "ErrorAccessDenied")
