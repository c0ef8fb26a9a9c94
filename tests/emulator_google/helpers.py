"""Short words for what the tests say often."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

Json = dict[str, Any]
ANN, BEN, CLEO = "ann@example.test", "ben@example.test", "cleo@example.test"
ZONE = "Europe/Berlin"


def timed(begins: str, minutes: int = 60, zone: str = ZONE, **more: Any) -> Json:
    """A body from a local wall time, e.g. `2026-11-24T10:00`."""
    begin = datetime.fromisoformat(begins)
    end = begin + timedelta(minutes=minutes)
    return {
        "summary": "Meeting",
        "start": {"dateTime": begin.isoformat(), "timeZone": zone},
        "end": {"dateTime": end.isoformat(), "timeZone": zone},
    } | more


def whole_day(first: str, days: int = 1, **more: Any) -> Json:
    """An all-day body."""
    end = datetime.fromisoformat(first).date() + timedelta(days=days)
    return {"summary": "Day", "start": {"date": first}, "end": {"date": end.isoformat()}} | more


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """`(status, reason)` of a call that must fail, its envelope checked."""
    with pytest.raises(HttpError) as caught:
        call()
    error = caught.value
    detail = error.error_details[0]
    assert set(detail) >= {"domain", "reason", "message"}
    assert ("location" in detail) == ("locationType" in detail)
    return error.status_code, detail["reason"]


def pages(request: Callable[..., Any], **query: Any) -> list[Json]:
    """All answers of a listing, page by page."""
    answers = [request(**query).execute()]
    while "nextPageToken" in answers[-1]:
        assert "nextSyncToken" not in answers[-1]
        answers.append(request(**query, pageToken=answers[-1]["nextPageToken"]).execute())
    return answers


def ids(answer: Json) -> list[str]:
    """The ids of a listing."""
    return [item["id"] for item in answer["items"]]
