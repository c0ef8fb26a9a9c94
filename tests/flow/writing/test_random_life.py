"""Whatever Ann does, and whatever breaks: after quiet there is one block for each happening."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.states import ShowAs
from shared.steps.claim_writes import claim_writes
from shared.steps.deliver_writes import deliver_writes
from tests.conformance.meeting import Meeting, Rule, wall
from tests.flow.writing.life import NAMES, Life

COUNT = 3
names = st.sampled_from(NAMES)
pairs = st.permutations(NAMES).map(lambda order: (order[0], order[1]))


@st.composite
def meetings(draw: st.DrawFn) -> Meeting:
    """Timed or all-day, busy or free, once or on three days."""
    day, hour = draw(st.integers(21, 28)), draw(st.integers(6, 20))
    meeting = Meeting(
        draw(st.text("abc é", min_size=1, max_size=8)).strip() or "x", *_hour(day, hour)
    )
    if draw(st.booleans()):
        meeting = replace(meeting, show_as=draw(st.sampled_from((ShowAs.BUSY, ShowAs.FREE))))
    if draw(st.integers(0, 3)) == 0:
        start = date(2026, 11, day)
        meeting = replace(meeting, start=start, end=start + timedelta(days=draw(st.integers(1, 3))))
    if draw(st.integers(0, 2)) == 0:
        meeting = replace(meeting, rule=Rule("day", count=COUNT))
    return meeting


def _hour(day: int, hour: int) -> tuple[datetime, datetime]:
    return wall(2026, 11, day, hour), wall(2026, 11, day, hour, 45)


@dataclass
class World:
    """What Ann has in her calendars and asked for; the oracle of what should block what."""

    life: Life
    meetings: dict[tuple[str, str], Meeting] = field(default_factory=dict)
    off: set[tuple[str, str]] = field(default_factory=set)
    titled: set[tuple[str, str]] = field(default_factory=set)

    def create(self, name: str, meeting: Meeting) -> None:
        """A meeting appears."""
        self.meetings[name, self.life[name].create(meeting)] = meeting

    def change(self, number: int, meeting: Meeting) -> None:
        """One of her single meetings becomes something else; no series is made or unmade."""
        single = [key for key, each in self.meetings.items() if each.rule is None]
        if single:
            key = single[number % len(single)]
            self.meetings[key] = replace(meeting, rule=None)
            self.life[key[0]].change(key[1], self.meetings[key])

    def shift(self, number: int, hours: int) -> None:
        """A timed series moves by some hours."""
        series = [key for key, each in self.meetings.items() if each.rule and not each.all_day]
        if series:
            key = series[number % len(series)]
            before, by = self.meetings[key], timedelta(hours=hours)
            self.meetings[key] = replace(before, start=before.start + by, end=before.end + by)
            self.life[key[0]].change(key[1], self.meetings[key])

    def delete(self, number: int) -> None:
        """One of her meetings is gone."""
        if self.meetings:
            key = sorted(self.meetings)[number % len(self.meetings)]
            del self.meetings[key]
            self.life[key[0]].delete(key[1])

    def rule(self, pair: tuple[str, str], enabled: bool, titled: bool) -> None:
        """She changes what blocks what."""
        source, target = pair
        (self.off.discard if enabled else self.off.add)(pair)
        (self.titled.add if titled else self.titled.discard)(pair)
        self.life.set_rule(source, target, is_enabled=enabled, copy_title=titled)

    def lose_answers(self, name: str) -> None:
        """The next writes of a calendar are done, but their answers never arrive."""
        writing = self.life[name].writing()
        for action in ("create", "update", "delete"):
            writing.lose_answer(action)  # type: ignore[arg-type]  # a Literal, spelled out

    def die_before_delivery(self) -> None:
        """A worker dies with its leases."""
        claim_writes(self.life.rig.service, limit=5)

    def die_after_delivery(self) -> None:
        """A worker delivers, and dies before it can say so."""
        rig = self.life.rig
        for delivery in claim_writes(rig.service, limit=5):
            rig.sql("update provider_writes set lease_token = lease_token + 1")
            deliver_writes(rig.service, delivery)

    def sync(self) -> None:
        """Everything is read and written, as far as it can be."""
        self.life.settle()

    def remove_block(self, name: str) -> None:
        """Ann deletes one of our blocks, once it is known."""
        for block in self.life.blocks(name)[:1]:
            self.life[name].writing().remove(block.event)

    def expected(self, target: str) -> Counter[tuple[str, date, date]]:
        """The blocks that should be in a calendar."""
        found: Counter[tuple[str, date, date]] = Counter()
        for (source, _), meeting in self.meetings.items():
            pair = (source, target)
            if source != target and pair not in self.off and meeting.show_as is ShowAs.BUSY:
                title = meeting.title if pair in self.titled else "Busy"
                found.update((f"🔒 {title}", *when) for when in _happenings(meeting))
        return found


def _happenings(meeting: Meeting) -> list[tuple[date, date]]:
    days = COUNT if meeting.rule else 1
    spans = [timedelta(days=number) for number in range(days)]
    return [(_utc(meeting.start + span), _utc(meeting.end + span)) for span in spans]


def _utc(at: date) -> date:
    """Berlin is an hour ahead in November."""
    return (at - timedelta(hours=1)).replace(tzinfo=UTC) if isinstance(at, datetime) else at


Step = Callable[[World], None]


def _step(verb: str, /, **arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries(dict(arguments)).map(
        lambda drawn: lambda world: getattr(world, verb)(**drawn)
    )


numbers = st.integers(0, 9)
steps: st.SearchStrategy[Step] = st.one_of(
    _step("create", name=names, meeting=meetings()),
    _step("create", name=names, meeting=meetings()),
    _step("change", number=numbers, meeting=meetings()),
    _step("shift", number=numbers, hours=st.sampled_from((-2, -1, 1, 3))),
    _step("delete", number=numbers),
    _step("rule", pair=pairs, enabled=st.booleans(), titled=st.booleans()),
    _step("lose_answers", name=names),
    _step("die_before_delivery"),
    _step("die_after_delivery"),
    _step("remove_block", name=names),
    _step("sync"),
)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=5, max_size=14))
def test_one_block_for_each_happening(life: Life, history: list[Step]) -> None:
    world = World(life)
    for step in history:
        step(world)
    _quiet(life)
    _check(world)
    _start_over(world)


def _check(world: World) -> None:
    for name in NAMES:
        blocks = Counter((each.title, each.start, each.end) for each in world.life.blocks(name))
        assert blocks == world.expected(name), name
    world.life.assert_quiet()
    before = world.life.writes()
    world.life.settle()
    assert world.life.writes() == before


def _quiet(life: Life) -> None:
    """Nothing breaks any more, leases lapse, retries come."""
    life.rig.google.clear_faults()
    life.rig.microsoft.clear_faults()
    life["radicale"].writing().lift_limit()
    for _ in range(4):
        life.rig.later(minutes=10)
        life.settle()


def _start_over(world: World) -> None:
    """Everything Ann made goes, and every block with it."""
    for pair in sorted(world.off | world.titled):
        world.rule(pair, enabled=True, titled=False)
    for _ in range(len(world.meetings)):
        world.delete(0)
    _quiet(world.life)
    _check(world)
