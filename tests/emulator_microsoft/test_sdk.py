"""Microsoft's msgraph-sdk as the judge: it drives every endpoint and parses every answer."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.emulator_microsoft.helpers import ANN, DAILY, TAG, recurring, timed, whole_day
from tests.support import graph_sdk as sdk
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator

pytestmark = [
    pytest.mark.filterwarnings("ignore:This class is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
]
Play = Callable[[Any], Awaitable[Any]]
Drive = Callable[[Play], Any]
WINDOW = {
    "start_date_time": "2026-11-01T00:00:00Z",
    "end_date_time": "2026-12-01T00:00:00Z",
}
COUNT_5 = {"type": "numbered", "numberOfOccurrences": 5}


@pytest.fixture
def drive(microsoft: MicrosoftEmulator) -> Drive:
    """Runs a coroutine function with Ann's client, in a loop of its own."""
    token = microsoft.tokens(ANN)["access_token"]

    async def work(play: Play) -> Any:
        return await play(sdk.graph_client(microsoft.graph_url, token))

    return lambda play: sdk.run(work(play))


def _at(text: str, zone: str = "UTC") -> sdk.DateTimeTimeZone:
    return sdk.DateTimeTimeZone(date_time=text, time_zone=zone)


async def _default(client: Any) -> Any:
    """The request builder of the default calendar, by its id."""
    listed = await client.me.calendars.get()
    return client.me.calendars.by_calendar_id(listed.value[0].id)


def test_calendars_are_listed_made_renamed_and_deleted(drive: Drive) -> None:
    async def play(client: Any) -> None:
        assert (await client.me.get()).display_name == "Ann Adler"
        made = await client.me.calendars.post(sdk.Calendar(name="Holidays"))
        listed = await client.me.calendars.get()
        assert [each.name for each in listed.value] == ["Calendar", "Holidays"]
        assert listed.value[0].is_default_calendar
        assert listed.value[0].owner.address == ANN
        one = client.me.calendars.by_calendar_id(made.id)
        assert (await one.patch(sdk.Calendar(name="Days off"))).name == "Days off"
        await one.delete()
        assert len((await client.me.calendars.get()).value) == 1

    drive(play)


def test_an_event_keeps_all_it_was_given(drive: Drive) -> None:
    async def play(client: Any) -> None:
        events = (await _default(client)).events
        wanted = sdk.Event(
            subject="Busy",
            body=sdk.ItemBody(content_type=sdk.BodyType.Text, content="Behind closed doors"),
            start=_at("2026-11-24T09:00:00", "Pacific Standard Time"),
            end=_at("2026-11-24T10:00:00", "Pacific Standard Time"),
            show_as=sdk.FreeBusyStatus.Tentative,
            sensitivity=sdk.Sensitivity.Private,
            transaction_id="blk-1-v1",
            single_value_extended_properties=[
                sdk.SingleValueLegacyExtendedProperty(id=TAG, value="blk-1")
            ],
        )
        made = await events.post(wanted, request_configuration=sdk.configured())
        assert made.show_as is sdk.FreeBusyStatus.Tentative
        assert made.sensitivity is sdk.Sensitivity.Private
        assert made.type is sdk.EventType.SingleInstance
        assert made.response_status.response is sdk.ResponseType.Organizer
        assert made.original_start_time_zone == "Pacific Standard Time"
        assert made.start.date_time == "2026-11-24T17:00:00.0000000"
        assert made.single_value_extended_properties is None
        query = sdk.EventsQuery(
            filter="singleValueExtendedProperties/Any(ep: "
            f"ep/id eq '{TAG}' and ep/value eq 'BLK-1')",
            expand=[f"singleValueExtendedProperties($filter=id eq '{TAG}')"],
        )
        found = await events.get(request_configuration=sdk.configured(query))
        assert [each.id for each in found.value] == [made.id]
        assert found.value[0].single_value_extended_properties[0].value == "blk-1"

    drive(play)


def test_a_series_and_its_occurrences(drive: Drive) -> None:
    async def play(client: Any) -> None:
        events = (await _default(client)).events
        pattern = sdk.RecurrencePattern(
            type=sdk.RecurrencePatternType.Weekly,
            interval=1,
            days_of_week=[sdk.DayOfWeek.Monday, sdk.DayOfWeek.Wednesday],
        )
        span = sdk.RecurrenceRange(
            type=sdk.RecurrenceRangeType.EndDate,
            start_date=date(2026, 11, 2),
            end_date=date(2026, 11, 15),
        )
        master = await events.post(
            sdk.Event(
                subject="Choir",
                start=_at("2026-11-02T18:00:00"),
                end=_at("2026-11-02T19:30:00"),
                recurrence=sdk.PatternedRecurrence(pattern=pattern, range=span),
            )
        )
        assert master.type is sdk.EventType.SeriesMaster
        assert master.recurrence.range.end_date == date(2026, 11, 15)
        of_series = events.by_event_id(master.id).instances
        asked = sdk.configured(sdk.InstancesQuery(**WINDOW))
        listed = (await of_series.get(request_configuration=asked)).value
        assert [each.start.date_time[8:10] for each in listed] == ["02", "04", "09", "11"]
        assert {each.series_master_id for each in listed} == {master.id}
        assert len({each.i_cal_u_id for each in listed}) == 4
        moved = sdk.Event(start=_at("2026-11-05T18:00:00"), end=_at("2026-11-05T19:30:00"))
        exception = await events.by_event_id(listed[1].id).patch(moved)
        assert exception.type is sdk.EventType.Exception
        assert exception.original_start == datetime(2026, 11, 4, 18, tzinfo=UTC)
        await events.by_event_id(listed[0].id).delete()
        again = (await of_series.get(request_configuration=asked)).value
        assert [each.start.date_time[8:10] for each in again] == ["05", "09", "11"]

    drive(play)


def test_a_calendar_view_is_paged(microsoft: MicrosoftEmulator, drive: Drive) -> None:
    microsoft.create_events(ANN, [timed(f"2026-11-{day:02d}T09:00") for day in range(2, 27)])

    async def play(client: Any) -> list[str]:
        view = (await _default(client)).calendar_view
        page = await view.get(request_configuration=sdk.configured(sdk.ViewQuery(**WINDOW)))
        days: list[str] = []
        while True:
            days += [each.start.date_time[8:10] for each in page.value]
            if page.odata_next_link is None:
                return days
            page = await view.with_url(page.odata_next_link).get()

    assert drive(play) == [f"{day:02d}" for day in range(2, 27)]


def test_a_delta_round_and_the_next(microsoft: MicrosoftEmulator, drive: Drive) -> None:
    single = microsoft.create_event(ANN, timed("2026-11-03T09:00"))
    microsoft.create_event(ANN, whole_day("2026-11-05", 2))
    series = microsoft.create_event(ANN, recurring("2026-11-10T09:00", DAILY, COUNT_5))

    async def play(client: Any) -> None:
        prefer = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=1'}
        delta = (await _default(client)).calendar_view.delta
        page = await delta.get(
            request_configuration=sdk.configured(sdk.DeltaQuery(**WINDOW), **prefer)
        )
        rows = list(page.value)
        while page.odata_next_link is not None:
            assert page.odata_delta_link is None
            page = await delta.with_url(page.odata_next_link).get(
                request_configuration=sdk.configured(**prefer)
            )
            rows += page.value
        assert len(rows) == 7
        plain = [row for row in rows if row.type is sdk.EventType.Occurrence]
        assert {row.series_master_id for row in plain} == {series["id"]}
        assert {row.subject for row in plain} == {None}
        microsoft.delete_event(ANN, single["id"])
        page = await delta.with_url(page.odata_delta_link).get(
            request_configuration=sdk.configured(**prefer)
        )
        assert [row.id for row in page.value] == [single["id"]]
        assert page.value[0].additional_data["@removed"] == {"reason": "deleted"}

    drive(play)


def test_errors_are_odata_errors(microsoft: MicrosoftEmulator, drive: Drive) -> None:
    async def play(client: Any) -> Any:
        delta = (await _default(client)).calendar_view.delta
        page = await delta.get(request_configuration=sdk.configured(sdk.DeltaQuery(**WINDOW)))
        microsoft.expire_delta_tokens()
        with pytest.raises(sdk.ODataError) as caught:
            await delta.with_url(page.odata_delta_link).get()
        return caught.value

    error = drive(play)
    assert error.response_status_code == 410
    assert error.error.code == "SyncStateNotFound"
    assert error.error.inner_error.request_id


def test_a_subscription_lives_and_dies(
    microsoft: MicrosoftEmulator, drive: Drive, receiver: GraphReceiver
) -> None:
    expires = datetime.now(UTC) + timedelta(days=2)

    async def play(client: Any) -> None:
        calendar = (await client.me.calendars.get()).value[0]
        wanted = sdk.Subscription(
            change_type="created,updated,deleted",
            resource=f"me/calendars/{calendar.id}/events",
            notification_url=receiver.url("/m"),
            lifecycle_notification_url=receiver.url("/ml"),
            expiration_date_time=expires,
            client_state="r4nd0m",
        )
        made = await client.subscriptions.post(wanted)
        assert receiver.handshakes() == ["/m", "/ml"]
        assert made.client_state == "r4nd0m"
        assert abs(made.expiration_date_time - expires) < timedelta(seconds=1)
        listed = await client.subscriptions.get()
        assert [each.id for each in listed.value] == [made.id]
        one = client.subscriptions.by_subscription_id(made.id)
        later = await one.patch(sdk.Subscription(expiration_date_time=expires + timedelta(days=1)))
        assert later.expiration_date_time > made.expiration_date_time
        await one.reauthorize.post()
        assert (await one.get()).id == made.id
        await one.delete()
        with pytest.raises(sdk.ODataError) as caught:
            await one.get()
        assert caught.value.response_status_code == 404

    drive(play)
