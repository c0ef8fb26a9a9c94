"""Whatever UID a meeting has, its occurrences in Outlook lead back to it."""

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.global_object_id import canonical_ical_uid
from tests.unit.test_global_object_id import HEADER, wrapping

UIDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60)
DATES = st.binary(min_size=4, max_size=4).map(bytes.hex)


@given(uid=UIDS, date=DATES)
def test_a_wrapped_uid_comes_back(uid: str, date: str) -> None:
    assert canonical_ical_uid(wrapping(uid.encode(), date)) == canonical_ical_uid(uid)


@given(tail=st.binary(min_size=20, max_size=80).map(bytes.hex), one=DATES, other=DATES)
def test_the_date_makes_no_difference(tail: str, one: str, other: str) -> None:
    first, second = (canonical_ical_uid(f"{HEADER}{date}{tail}") for date in (one, other))
    assert first == second == canonical_ical_uid(first)


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    assert canonical_ical_uid(canonical_ical_uid(text)) == canonical_ical_uid(text)
