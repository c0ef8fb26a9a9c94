"""/busy-blocks: which calendar blocks which, and whether titles go along."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from functions.api.endpoint import Call
from functions.pages.door import Door
from functions.pages.forms import go_to
from functions.pages.names import full_names
from shared.db.rows import decode

GONE = ("is gone from its account", "is in an account that is")
"""Obstacles of calendars that are not the person's any more; their pairs are not shown."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the view busy_block_pairs, as far as the page goes."""

    source_calendar_id: UUID
    target_calendar_id: UUID
    is_enabled: bool
    obstacle: str | None
    copy_title: bool

    @property
    def is_shown(self) -> bool:
        """Whether both calendars are still there."""
        return not any(each in (self.obstacle or "") for each in GONE)


def route_blocks(site: Blueprint, door: Door) -> None:
    """Adds the page and its forms."""

    @site.get("/busy-blocks")
    def blocks() -> Response:
        call = door.call()
        groups = _by_source(pairs(call))
        return Response(render_template("blocks.html", groups=groups, names=full_names(call)))

    @site.post("/busy-blocks/<uuid:source>")
    def save_blocks(source: UUID) -> Response:
        call = door.call()
        for pair in pairs(call, source_calendar_id=source):
            _follow(call, pair)
        return go_to("blocks", "saved")


def pairs(call: Call, **where: Any) -> list[Pair]:
    """Pairs of the person's calendars, by name."""
    rows = call.service.database.read(
        "busy_block_pairs",
        where={"user_id": call.user_id, **where},
        order=("source_name", "source_calendar_id", "target_name", "target_calendar_id"),
    )
    return [pair for row in rows if (pair := decode(Pair, row)).is_shown]


def _by_source(shown: Sequence[Pair]) -> list[tuple[UUID, list[Pair]]]:
    """The pairs of each source."""
    by_source = groupby(shown, key=lambda pair: pair.source_calendar_id)
    return [(source, list(members)) for source, members in by_source]


def _follow(call: Call, pair: Pair) -> None:
    """Sets the rule of a pair as the form has it, unless it is so already."""
    target = str(pair.target_calendar_id)
    wanted = {
        "is_enabled": target in request.form.getlist("on"),
        "copy_title": target in request.form.getlist("title"),
    }
    known = {"is_enabled": pair.is_enabled, "copy_title": pair.copy_title}
    if pair.obstacle is not None or wanted == known:
        return
    call.service.database.call(
        "set_busy_block_rule",
        user_id=call.user_id,
        source=pair.source_calendar_id,
        target=pair.target_calendar_id,
        rule=wanted,
        **call.audit,
    )
