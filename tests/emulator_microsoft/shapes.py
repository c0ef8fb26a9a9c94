"""Comparing JSON by its shape: which keys there are, and of which type their values."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "payloads"


def recorded(name: str) -> Any:
    """A recorded answer; skips the test where the collection is absent."""
    file = FOLDER / name
    if not file.exists():
        pytest.skip(f"no recorded payload {name} on this machine")
    return json.loads(file.read_text())


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where `found` lacks a key of `wanted` or has a value of another type.

    Null stands for a value of any type; lists are compared by their first elements.
    """
    if wanted is None or found is None:
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        rows: list[str] = []
        for key, value in wanted.items():
            if key not in found:
                rows.append(f"{path}/{key} is missing")
            else:
                rows += differences(value, found[key], f"{path}/{key}")
        return rows
    if isinstance(wanted, list) and isinstance(found, list):
        return differences(wanted[0], found[0], f"{path}/0") if wanted and found else []
    if isinstance(wanted, bool) != isinstance(found, bool) or type(wanted) is not type(found):
        return [f"{path} is {type(found).__name__}, not {type(wanted).__name__}"]
    return []
