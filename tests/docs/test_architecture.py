"""ARCHITECTURE.md names every state and every function that moves one; decisions are complete."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from shared.states import AccountStatus, SubscriptionStatus, SyncMethod
from tests.docs.markdown import blocks, name_of, spans, table_below, text_of
from tests.support.postgres import REPOSITORY

PAGE = text_of(REPOSITORY / "ARCHITECTURE.md")
DECISIONS = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
TABLES = "calendar_sync_states|webhook_subscriptions|provider_writes"
PARTS = (
    "calendar_sync_states",
    "webhook_subscriptions",
    "provider_writes",
    "push",
    "calendar_accounts",
)

_FUNCTION = re.compile(r"^create function public\.(\w+)\((.*?)(?=^create function|\Z)", re.M | re.S)
_WRITES = re.compile(rf"(?:update|insert into|delete from) public\.(?:{TABLES})\b")
_EDGE = re.compile(r"^\s*(?P<a>\S+) --> (?P<b>[^\s:]+): (?P<label>.+)$", re.MULTILINE)


@cache
def sql_functions() -> dict[str, str]:
    """Every SQL function with its text."""
    files = (REPOSITORY / "sql" / "functions").glob("*.sql")
    return {name: body for path in files for name, body in _FUNCTION.findall(text_of(path))}


def diagram(part: str) -> list[tuple[str, str, str]]:
    """The edges of one part of the state diagram: from, to, label."""
    (states,) = [block.text for block in blocks(PAGE) if "stateDiagram" in block.text]
    inside = re.search(rf'state "{part}" as \w+ {{(.*?)^  }}', states, re.M | re.S)
    assert inside is not None
    return [(edge["a"], edge["b"], edge["label"]) for edge in _EDGE.finditer(inside[1])]


def states_in(part: str) -> set[str]:
    return {state for a, b, _ in diagram(part) for state in (a, b)} - {"[*]"}


def functions_in(label: str) -> set[str]:
    return {word for word in re.findall(r"\w+", label) if word in sql_functions()}


def test_every_function_that_writes_a_state_row_is_named() -> None:
    writers = {name for name, body in sql_functions().items() if _WRITES.search(body)}
    edges = [edge for part in PARTS for edge in diagram(part)]
    drawn = {name for *_, label in edges for name in functions_in(label)}
    assert writers - drawn == {
        "judge_push",
        "sweep_unseen",
        "slide_windows",
        "mark_blocks_due",
        "plan_busy_blocks",
    }
    assert writers - drawn <= set(spans(PAGE))


def test_every_edge_names_what_makes_it() -> None:
    for part in PARTS:
        assert [edge for edge in diagram(part) if not functions_in(edge[2])] == []


def test_every_state_of_a_subscription_is_drawn() -> None:
    assert states_in("webhook_subscriptions") == {state.value for state in SubscriptionStatus}


def test_every_state_of_an_account_is_drawn() -> None:
    assert states_in("calendar_accounts") == {state.value for state in AccountStatus}


def test_every_value_of_push_is_drawn() -> None:
    table = text_of(REPOSITORY / "sql" / "tables" / "2_calendars.sql")
    allowed = re.search(r"check \(push in \(([^)]*)\)\)", table)
    assert allowed is not None
    assert states_in("push") == set(re.findall(r"'(\w+)'", allowed[1]))


def test_every_state_of_the_queue_is_explained() -> None:
    explained = {row[0].strip("`") for row in table_below(PAGE, "The states")}
    assert states_in("calendar_sync_states") == explained


def test_the_decision_table_lists_the_methods_in_the_order_of_the_view() -> None:
    listed = [row[0].strip("`") for row in table_below(PAGE, "The hybrid decision")]
    view = text_of(REPOSITORY / "sql" / "views" / "02_hybrid_status.sql")
    judged = view[: view.index("end as method")]
    assert listed == re.findall(rf"(?:then|else) '({'|'.join(SyncMethod)})'", judged)
    assert set(listed) == {method.value for method in SyncMethod}


def test_every_dependency_has_its_reason_and_licence() -> None:
    project = tomllib.loads(text_of(REPOSITORY / "pyproject.toml"))["project"]
    declared = {re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]}
    rows = table_below(PAGE, "Why these libraries")
    assert {name for row in rows for name in row[0].split(", ")} == declared
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_folder_of_the_map_is_there() -> None:
    assert all(
        (REPOSITORY / row[0].strip("`")).exists() for row in table_below(PAGE, "Where is what")
    )


@pytest.mark.parametrize(("number", "path"), [*enumerate(DECISIONS, 1)], ids=str)
def test_a_decision_has_its_three_parts(number: int, path: Path) -> None:
    text = text_of(path)
    assert path.name.startswith(f"{number:04d}-"), name_of(path)
    assert text.startswith(f"# {number}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Choice",
        "Consequence",
    ]
