"""The table of settings in docs/operating.md says what shared/config.py reads."""

import ast

from tests.docs.markdown import table_below, text_of
from tests.support.postgres import REPOSITORY


def read_by_the_code() -> dict[str, str]:
    """Each variable with its default: `env.whole("PORT", 54321, …)`, `env.text("HOST") or "…"`."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text_of(REPOSITORY / "shared" / "config.py"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")),
                args=[ast.Constant(value=str(name)), *rest],
            ):
                default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
                found.setdefault(name, "" if _is_required(node) else str(default))
            case ast.BoolOp(
                op=ast.Or(),
                values=[
                    ast.Call(args=[ast.Constant(value=str(name))]),
                    ast.Constant(value=default),
                ],
            ):
                found[name] = str(default)
            case _:
                continue
    return found


def _is_required(call: ast.Call) -> bool:
    """`env.required("NAME", "because …")` has a reason where others have a default."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "required"


def test_the_table_of_settings_is_true() -> None:
    rows = table_below(text_of(REPOSITORY / "docs" / "operating.md"), "Settings")
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows}
    assert documented == read_by_the_code()


def test_defaults_that_follow_an_or_are_read_from_the_code() -> None:
    assert read_by_the_code()["WEBHOOK_BASE_URL"] == "http://127.0.0.1:54321"
    assert read_by_the_code()["HOST"] == "127.0.0.1"
    assert read_by_the_code()["SYNC_WORKERS"] == "4"
