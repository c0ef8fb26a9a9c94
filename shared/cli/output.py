"""What commands print: tables and sentences for people, JSON for scripts."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

WIDE = 160
"""Columns where no terminal says how many there are: a log file or a pipe."""

METHOD_STYLES = {
    "webhook": "green",
    "polling": "cyan",
    "full": "blue",
    "polling_and_repair": "yellow",
    "disabled": "dim",
}


out = Console(width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True)


def show(data: Any, as_json: bool, render: Callable[[], RenderableType]) -> None:
    """Prints `data` as JSON, or what `render` makes of it."""
    if as_json:
        typer.echo(json.dumps(plain(data), indent=2, default=str, ensure_ascii=False))
    else:
        out.print(render())


def plain(data: Any) -> Any:
    """Dataclasses as dictionaries; the rest stays."""
    if is_dataclass(data) and not isinstance(data, type):
        return asdict(data)
    if isinstance(data, Mapping):
        return {name: plain(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(item) for item in data]
    return data


def table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table; cells may hold rich markup. Ids stay in one piece, so that they can be copied."""
    grid = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        grid.add_column(column, no_wrap=column.lower().endswith(" id"))
    for row in rows:
        grid.add_row(*row)
    return grid


def progress(*, hidden: bool = False) -> Progress:
    """A progress bar on stderr, so that stdout stays clean for data."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=hidden or not err.is_terminal,
    )


def method(name: str) -> str:
    """A sync method in its colour."""
    return f"[{METHOD_STYLES.get(name, 'white')}]{name}[/]"


def moment(text: str | None) -> datetime | None:
    """An instant as the database prints it; None for none, and for "infinity"."""
    if text is None or text in ("infinity", "-infinity"):
        return None
    return datetime.fromisoformat(text)


def relative(text: str | None, now: datetime, none: str = "never") -> str:
    """An instant as people say it: `in 4 min`, `2 h ago`, `now`."""
    then = moment(text)
    if then is None:
        return none
    seconds = (then - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def duration(seconds: float) -> str:
    """A length of time in its largest fitting unit: `35 ms`, `1.4 s`, `12 min`, `3 d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"
