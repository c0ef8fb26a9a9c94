"""Microsoft's own client, pointed at the emulator."""

import asyncio
import warnings
from collections.abc import Coroutine
from typing import Any

with warnings.catch_warnings():
    # The generated classes complain about one another while they are being imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.calendar import Calendar
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.event_type import EventType
    from msgraph.generated.models.free_busy_status import FreeBusyStatus
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
    from msgraph.generated.models.response_type import ResponseType
    from msgraph.generated.models.sensitivity import Sensitivity
    from msgraph.generated.models.single_value_legacy_extended_property import (
        SingleValueLegacyExtendedProperty,
    )
    from msgraph.generated.models.subscription import Subscription
    from msgraph.generated.users.item.calendars.item.calendar_view.calendar_view_request_builder import (  # noqa: E501 - a generated name
        CalendarViewRequestBuilder,
    )
    from msgraph.generated.users.item.calendars.item.calendar_view.delta.delta_request_builder import (  # noqa: E501 - a generated name
        DeltaRequestBuilder,
    )
    from msgraph.generated.users.item.calendars.item.events.events_request_builder import (
        EventsRequestBuilder,
    )
    from msgraph.generated.users.item.calendars.item.events.item.instances.instances_request_builder import (  # noqa: E501 - a generated name
        InstancesRequestBuilder,
    )

DeltaQuery = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
EventsQuery = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters
InstancesQuery = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters
ViewQuery = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters

__all__ = [
    "BodyType",
    "Calendar",
    "DateTimeTimeZone",
    "DayOfWeek",
    "DeltaQuery",
    "Event",
    "EventType",
    "EventsQuery",
    "FreeBusyStatus",
    "InstancesQuery",
    "ItemBody",
    "ODataError",
    "PatternedRecurrence",
    "RecurrencePattern",
    "RecurrencePatternType",
    "RecurrenceRange",
    "RecurrenceRangeType",
    "ResponseType",
    "Sensitivity",
    "SingleValueLegacyExtendedProperty",
    "Subscription",
    "ViewQuery",
    "configured",
    "graph_client",
    "run",
]


class _Token(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


def graph_client(base_url: str, access_token: str) -> GraphServiceClient:
    """A client with that token. Make and use it within one event loop."""
    provider = BaseBearerTokenAuthenticationProvider(_Token(access_token))
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = base_url
    return GraphServiceClient(request_adapter=adapter)


def configured(query: Any = None, **headers: str) -> RequestConfiguration[Any]:
    """Query parameters and headers; `_` in a header's name stands for `-`."""
    configuration: RequestConfiguration[Any] = RequestConfiguration(query_parameters=query)
    for name, value in headers.items():
        configuration.headers.add(name.replace("_", "-"), value)
    return configuration


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a loop of its own."""
    return asyncio.run(work)
