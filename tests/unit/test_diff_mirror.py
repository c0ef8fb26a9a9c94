"""What verify says of a mirror."""

from shared.decide.diff_mirror import Drift, Mirrored, diff_mirror

ONE, TWO, THREE = (Mirrored(name, f"content {name}", f"times {name}") for name in "abc")


def test_equal_sides_have_no_drift_whatever_their_order() -> None:
    drift = diff_mirror([ONE, TWO, THREE], iter([THREE, ONE, TWO]))
    assert drift == Drift()
    assert drift.count == 0


def test_names_what_is_missing_surplus_and_different() -> None:
    stale = Mirrored("b", "content b", "other times")
    drift = diff_mirror([TWO, ONE, THREE], [stale, Mirrored("z", "", ""), Mirrored("y", "", "")])
    assert drift == Drift(missing=("a", "c"), surplus=("y", "z"), different=("b",))
    assert drift.count == 5


def test_other_content_is_different_too() -> None:
    assert diff_mirror([ONE], [Mirrored("a", "edited", "times a")]).different == ("a",)


def test_a_second_row_for_one_event_is_no_equal_mirror() -> None:
    assert diff_mirror([ONE], [ONE, Mirrored("a", "edited", "times a")]).different == ("a",)
