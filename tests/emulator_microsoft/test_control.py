"""Faults, counters, clock, settings, and that the control API explains its refusals."""

import httpx
import pytest

from tests.emulator_microsoft.helpers import ANN, SPAN, Graph, refused, timed
from tests.support.microsoft_emulator import MicrosoftEmulator


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "InvalidAuthenticationToken"),
        (403, "ErrorAccessDenied"),
        (404, "ErrorItemNotFound"),
        (410, "SyncStateNotFound"),
        (412, "ErrorIrresolvableConflict"),
        (429, "ApplicationThrottled"),
        (500, "ErrorInternalServerError"),
        (503, "ServiceUnavailable"),
        (504, "GatewayTimeout"),
        (418, "UnknownError"),
    ],
)
def test_status_faults(microsoft: MicrosoftEmulator, ann: Graph, status: int, code: str) -> None:
    microsoft.fault("status", status=status, times=1)
    assert refused(ann.ask("GET", "/me/events")) == (status, code)
    assert ann.ask("GET", "/me/events").status_code == 200


def test_a_fault_can_say_anything(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.fault(
        "status",
        status=429,
        code="TooManyRequests",
        message="Slow down",
        retry_after=0.5,
        headers={"x-ms-resource-unit": 1},
    )
    answer = ann.ask("GET", "/me/events")
    assert refused(answer) == (429, "TooManyRequests")
    assert answer.headers["Retry-After"] == "0.5"
    assert answer.headers["x-ms-resource-unit"] == "1"


def test_faults_are_aimed(microsoft: MicrosoftEmulator, ann: Graph, ben: Graph) -> None:
    microsoft.fault("status", match={"method": "calendarView.delta", "user": ANN}, status=500)
    path = f"/me/calendarView/delta?{SPAN}"
    assert ann.ask("GET", path).status_code == 500
    assert ben.ask("GET", path).status_code == 200
    assert ann.ask("GET", f"/me/calendarView?{SPAN}").status_code == 200
    microsoft.clear_faults()
    default = ann.get("/me/calendar")["id"]
    microsoft.fault("status", match={"calendar": default}, status=500)
    assert ann.ask("GET", "/me/events").status_code == 500
    assert ben.ask("GET", "/me/events").status_code == 200


def test_the_work_may_be_done_before_the_fault(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.fault("status", when="after", status=504, times=1)
    assert ann.ask("POST", "/me/events", timed("2026-11-24T10:00")).status_code == 504
    microsoft.fault("cut", when="after", times=1)
    with pytest.raises(httpx.TransportError):
        ann.ask("POST", "/me/events", timed("2026-11-24T10:00"))
    assert len(microsoft.events(ANN)) == 2


def test_slow_answers(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.fault("slow", delay_ms=200, times=1)
    assert ann.ask("GET", "/me").elapsed.total_seconds() >= 0.2


def test_faults_are_listed_and_taken_back(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    name = microsoft.fault("status", status=500)
    assert [fault["id"] for fault in microsoft.control("faults")] == [name]
    microsoft.control(f"faults/{name}", verb="DELETE")
    assert ann.ask("GET", "/me").status_code == 200
    with pytest.raises(AssertionError, match="no fault"):
        microsoft.control(f"faults/{name}", verb="DELETE")


def test_counters(microsoft: MicrosoftEmulator, ann: Graph, ben: Graph) -> None:
    default = ann.get("/me/calendar")["id"]
    microsoft.reset_counters()
    ann.post("/me/events", timed("2026-11-24T10:00"))
    ann.get("/me/events")
    ann.get(f"/me/calendars/{default}/events")
    ben.get("/me")
    counted = microsoft.counters()
    assert counted["total"] == 4
    assert counted["by_user"] == {ANN: 3, "ben@outlook.test": 1}
    assert counted["by_method"] == {"events.create": 1, "events.list": 2, "me.get": 1}
    assert counted["by_status"] == {"200": 3, "201": 1}
    row = {"user": ANN, "method": "events.list", "calendar": default, "count": 2}
    assert row in counted["calls"]


def test_the_clock(microsoft: MicrosoftEmulator) -> None:
    microsoft.set_clock("2030-01-01T00:00:00Z", frozen=True)
    made = microsoft.create_event(ANN, timed("2030-01-02T10:00"))
    assert made["createdDateTime"] == "2030-01-01T00:00:00.0000000Z"
    microsoft.advance(3600)
    changed = microsoft.patch_event(ANN, made["id"], {"subject": "New"})
    assert changed["lastModifiedDateTime"] == "2030-01-01T01:00:00.0000000Z"
    assert changed["createdDateTime"] == made["createdDateTime"]
    assert microsoft.set_clock(None) < "2030"


def test_the_raw_store(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    tagged = timed("2026-11-24T10:00") | {
        "singleValueExtendedProperties": [
            {"id": "String {66f5a359-0000-4000-8000-d1d2b2f5c5b4} Name x", "value": "1"}
        ]
    }
    made = ann.post("/me/events", tagged)
    [row] = microsoft.events(ANN)
    assert row["singleValueExtendedProperties"] == tagged["singleValueExtendedProperties"]
    ann.delete(f"/me/events/{made['id']}")
    assert microsoft.events(ANN) == []
    assert [each["id"] for each in microsoft.events(ANN, deleted=True)] == [row["id"]]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("settings", {"speed": 1}, "unknown settings: speed"),
        ("faults", {"kind": "earthquake"}, "unknown fault kind"),
        ("people", {"email": ANN}, "exists already"),
        ("people", {}, "missing: 'email'"),
        ("people/nobody@x.test/consent", {"scopes": []}, "nobody is called"),
        (f"people/{ANN}/calendars/none/events", {}, "has no calendar none"),
        (f"people/{ANN}/calendars/primary/events", {}, "Property 'start'"),
        (f"people/{ANN}/calendars/primary/events/none/move", {"to": "x"}, "not found"),
        ("tokens/break", {"email": ANN, "code": 1}, "unknown AADSTS code"),
        ("clock", {"now": "soon"}, "Invalid isoformat"),
    ],
)
def test_refusals_are_explained(
    microsoft: MicrosoftEmulator, path: str, body: dict[str, object], words: str
) -> None:
    microsoft.tokens(ANN)
    with pytest.raises(AssertionError, match=words):
        microsoft.control(path, body)


def test_a_reset_forgets_everything(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(latency_ms=1)
    microsoft.reset()
    assert microsoft.control("people") == []
    assert microsoft.control("settings")["latency_ms"] == 0
    assert refused(ann.ask("GET", "/me")) == (401, "InvalidAuthenticationToken")


def test_the_same_seed_gives_the_same_ids(microsoft: MicrosoftEmulator) -> None:
    def world(seed: int) -> list[str]:
        microsoft.reset(seed)
        person = microsoft.add_person(ANN)
        return [person["id"], microsoft.create_event(ANN, timed("2026-11-24T10:00"))["id"]]

    assert world(7) == world(7)
    assert set(world(7)).isdisjoint(world(8))
