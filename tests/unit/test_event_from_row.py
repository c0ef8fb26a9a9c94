"""A row of the mirror is the event that was written."""

import json

import pytest

from shared.decide.event_from_row import event_from_row
from shared.decide.event_row import event_row
from tests.unit.google_examples import (
    ALL_DAY,
    CANCELLED_INSTANCE,
    MOVED,
    SERIES,
    TIMED,
    WORKING_LOCATION,
    event,
)


@pytest.mark.parametrize(
    "raw", [TIMED, ALL_DAY, SERIES, MOVED, CANCELLED_INSTANCE, WORKING_LOCATION]
)
def test_reads_what_was_written(raw: dict[str, object]) -> None:
    written = event(raw)
    assert event_from_row(json.loads(json.dumps(event_row(written)))) == written
