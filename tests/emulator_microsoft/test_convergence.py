"""Whatever people do, a careful client that follows delta ends with what the view shows."""

from collections.abc import Callable

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.emulator_microsoft.helpers import ANN, IMMUTABLE, Graph, Json, recurring, timed
from tests.emulator_microsoft.mirror import Mirror, times
from tests.support.microsoft_emulator import MicrosoftEmulator

# Some days lie before this window, some after it.
WINDOW = "startDateTime=2026-11-10T00:00:00Z&endDateTime=2026-11-20T00:00:00Z"
AROUND = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
DAYS = st.integers(1, 30)
EDITS = ("add", "series", "move", "drop", "drop one", "move one", "drag", "sync")
STEPS = st.lists(
    st.tuples(st.sampled_from(EDITS), DAYS, st.integers(0, 1000)), min_size=1, max_size=14
)


class Person:
    """Edits in Outlook: `day` is where to, `pick` chooses among what there is."""

    def __init__(self, microsoft: MicrosoftEmulator, graph: Graph, mirror: Mirror) -> None:
        self._microsoft = microsoft
        self._graph = graph
        self._mirror = mirror
        self._edits: dict[str, Callable[[int, int], object]] = {
            "add": self._add,
            "series": self._series,
            "move": self._move,
            "drop": self._drop,
            "drop one": self._drop_one,
            "move one": self._move_one,
            "drag": self._drag,
            "sync": lambda day, pick: self._mirror.sync(),
        }

    def do(self, name: str, day: int, pick: int) -> None:
        """One edit, if there is anything to edit."""
        self._edits[name](day, pick)

    def _add(self, day: int, pick: int) -> None:
        self._microsoft.create_event(ANN, timed(f"2026-11-{day:02d}T10:00"))

    def _series(self, day: int, pick: int) -> None:
        pattern = {"type": "daily", "interval": 1 + pick % 5}
        span = {"type": "numbered", "numberOfOccurrences": 1 + pick % 7}
        self._microsoft.create_event(ANN, recurring(f"2026-11-{day:02d}T09:00", pattern, span))

    def _picked(self, rows: list[Json], pick: int) -> str | None:
        return str(rows[pick % len(rows)]["id"]) if rows else None

    def _event(self, pick: int) -> str | None:
        return self._picked(self._microsoft.events(ANN), pick)

    def _occurrence(self, pick: int) -> str | None:
        rows = self._graph.everything(f"/me/calendarView?{AROUND}&$top=500", Prefer=IMMUTABLE)
        return self._picked([row for row in rows if row["seriesMasterId"]], pick)

    def _move(self, day: int, pick: int) -> None:
        self._moved(self._event(pick), day)

    def _move_one(self, day: int, pick: int) -> None:
        self._moved(self._occurrence(pick), day)

    def _moved(self, event: str | None, day: int) -> None:
        if event is not None:
            self._microsoft.patch_event(ANN, event, timed(f"2026-11-{day:02d}T15:00"))

    def _drop(self, day: int, pick: int) -> None:
        self._dropped(self._event(pick))

    def _drop_one(self, day: int, pick: int) -> None:
        self._dropped(self._occurrence(pick))

    def _dropped(self, event: str | None) -> None:
        if event is not None:
            self._microsoft.delete_event(ANN, event)

    def _drag(self, day: int, pick: int) -> None:
        here, there = ("primary", "Other") if pick % 2 else ("Other", "primary")
        event = self._picked(self._microsoft.events(ANN, here), pick)
        if event is not None:
            self._microsoft.move_event(ANN, event, there)


def test_a_mirror_converges(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(
        steps=STEPS,
        removal=st.sampled_from(["both", "master", "occurrences"]),
        masters=st.booleans(),
        replays=st.booleans(),
        repeats=st.booleans(),
    )
    # A series leaves the window, then the calendar, between two rounds.
    @example(
        steps=[("series", 10, 1), ("sync", 1, 0), ("move", 1, 0), ("drop", 1, 0)],
        removal="occurrences",
        masters=False,
        replays=False,
        repeats=False,
    )
    # The same, and the client knows other days of it than there were at the end.
    @example(
        steps=[("series", 10, 1), ("sync", 1, 0), ("move", 11, 0), ("drop", 1, 0)],
        removal="occurrences",
        masters=False,
        replays=False,
        repeats=False,
    )
    def try_it(
        steps: list[tuple[str, int, int]], removal: str, masters: bool, replays: bool, repeats: bool
    ) -> None:
        microsoft.reset()
        microsoft.add_person(ANN, "Ann")
        microsoft.add_calendar(ANN, "Other")
        microsoft.settings(
            series_removal=removal,
            delta_shows_masters=masters,
            delta_replays_rounds=replays,
            delta_repeats_items=repeats,
        )
        ann.token = microsoft.tokens(ANN)["access_token"]
        mirror = Mirror(ann, WINDOW)
        mirror.sync()
        person = Person(microsoft, ann, mirror)
        for step in steps:
            person.do(*step)
        mirror.sync()
        view = ann.everything(f"/me/calendarView?{WINDOW}&$top=500", Prefer=IMMUTABLE)
        assert mirror.times() == times(view)

    try_it()
