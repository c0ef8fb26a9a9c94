"""Whatever a draft says is what a sync reads again, on every provider."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.model import Draft, When
from shared.states import ShowAs, Visibility
from tests.conformance.desk import Desk, Make, again, appointment, block, said

ZONES = (
    None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
    "Africa/Casablanca", "Pacific/Apia", "America/St_Johns",
)  # fmt: skip
# An hour before, at and after changes of the clocks in Berlin, New York and on Lord Howe Island.
EDGES = tuple(
    change + timedelta(minutes=minutes)
    for change in (
        datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2027, 3, 14, 7, tzinfo=UTC),
        datetime(2027, 3, 28, 1, tzinfo=UTC),
        datetime(2027, 4, 3, 15, tzinfo=UTC),
    )
    for minutes in (-60, -30, 0, 30, 60)
)
FIRST, LAST = datetime(2026, 10, 21, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
SECONDS = int((LAST - FIRST).total_seconds())

instants = st.sampled_from(EDGES) | st.integers(0, SECONDS).map(
    lambda seconds: FIRST + timedelta(seconds=seconds)
)
lengths = st.sampled_from([timedelta(0), timedelta(minutes=30), timedelta(hours=1)]) | st.integers(
    0, 9 * 86_400
).map(lambda seconds: timedelta(seconds=seconds))
timed = st.builds(lambda start, length: When(start, start + length), instants, lengths)
days = st.dates(date(2026, 10, 21), date(2027, 6, 1))
all_day = st.builds(
    lambda start, length: When(start_date=start, end_date=start + timedelta(days=length)),
    days,
    st.integers(1, 9),
)

# What people type: everything but control characters and half surrogate pairs; spaces inside only.
_letters = st.characters(exclude_categories=("Cs", "Cc"))
titles = st.text(_letters, min_size=1, max_size=40).map(str.strip).filter(bool)
_words = titles | st.sampled_from(["a,b;c\\d", '"quoted": yes', "🎉👩\u200d🚀", "x" * 300, "\\n"])
texts = st.lists(_words, min_size=1, max_size=4).map("\n".join)

drafts = st.builds(
    Draft,
    when=timed | all_day,
    summary=_words,
    description=st.none() | texts,
    location=st.none() | _words,
    show_as=st.sampled_from(ShowAs),
    visibility=st.sampled_from(Visibility),
    time_zone=st.sampled_from(ZONES),
)
batches = st.lists(st.tuples(drafts, drafts, st.sampled_from([block, appointment])), max_size=6)

# 02:30 in Berlin comes twice that night, and never the other.
TWICE, NEVER = datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BY_NIGHT = [
    (
        Draft(When(TWICE, TWICE + HOUR), "Again", time_zone="Europe/Berlin"),
        Draft(When(TWICE - HOUR, TWICE), "Before", time_zone="Europe/Berlin"),
        block,
    ),
    (
        Draft(When(NEVER, NEVER), "At once", time_zone="Europe/Berlin"),
        Draft(When(start_date=date(2027, 3, 28), end_date=date(2027, 3, 29)), "Day"),
        appointment,
    ),
]


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batch=batches)
@example(batch=BY_NIGHT)
def test_drafts_come_back(desk: Desk, batch: list[tuple[Draft, Draft, Make]]) -> None:
    """Created, read; updated to another draft, read; deleted."""
    creates = [make(f"draft {i}", first) for i, (first, _, make) in enumerate(batch)]
    created = desk.outcomes(*creates)
    assert _held(desk) == {
        write.tag: desk.provider.kept(first)
        for write, (first, _, _) in zip(creates, batch, strict=True)
    }
    updates = [
        again(write, created[write.id].written, second)
        for write, (_, second, _) in zip(creates, batch, strict=True)
    ]
    updated = desk.outcomes(*updates)
    assert _held(desk) == {
        write.tag: desk.provider.kept(second)
        for write, (_, second, _) in zip(creates, batch, strict=True)
    }
    deletions = [again(write, updated[write.id].written, None) for write in updates]
    desk.outcomes(*deletions)
    assert _held(desk) == {}


def _held(desk: Desk) -> dict[str, Draft]:
    return {str(event.own_tag): said(event) for event in desk.events()}
