"""Applications that are made quickly: most tests make one, and most of its addresses go unused."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


class LazyRule(Rule):
    """Compiles what builds its URL when one is built: for all rules, that is most of the making.

    Overrides what is private to werkzeug; where that changes its name, this does nothing.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        compiled: list[Callable[..., Any]] = []

        def build(rule: Rule, *values: Any, **more: Any) -> Any:
            if not compiled:
                compiled.append(super()._compile_builder(append_unknown))
            return compiled[0](rule, *values, **more)

        return build


def make_applications_quickly() -> None:
    """From now on, in this process."""
    Flask.url_rule_class = LazyRule
