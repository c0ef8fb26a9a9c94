"""A first sync reads no more for a person whom the planner's statistics do not know yet."""

from datetime import UTC, datetime, timedelta

from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig, timed

ANN, BOB = "ann@example.test", "bob@example.test"
EVENTS, PAGE = 900, 300
MOST_READS_PER_EVENT = 40
"""A look-up reads one entry of an index, and an event takes part in a dozen of them."""
FIRST = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OTHERS = """
select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
READS = """
select sum(idx_tup_read)::bigint as reads from pg_stat_user_indexes
where relname in ('calendar_events', 'event_occurrences', 'meetings')
"""


def test_a_newcomer_costs_no_more_than_the_first_person(rig: Rig, google: GoogleEmulator) -> None:
    google.settings(page_size_cap=PAGE)
    google.add_person(BOB, "Bob")
    _sync(rig, ANN)
    rig.sql("analyze")
    before = _reads(rig)

    _sync(rig, BOB)

    assert rig.count("calendar_events") == 2 * EVENTS
    assert _reads(rig) - before < MOST_READS_PER_EVENT * EVENTS


def _sync(rig: Rig, email: str) -> None:
    guests = [{"email": "guest@example.test"}]
    rig.google.create_events(
        email,
        [timed(f"{n}", FIRST + timedelta(hours=n), attendees=guests) for n in range(EVENTS)],
    )
    rig.connect(email)
    rig.drain()


def _reads(rig: Rig) -> int:
    """Index entries read so far; connections report theirs when they end."""
    rig.reopen()
    rig.until(lambda: not rig.sql(OTHERS))
    reads: int = rig.sql(READS)[0]["reads"]
    return reads
