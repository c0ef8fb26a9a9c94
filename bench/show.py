"""Figures for people: a table in the terminal, and the page docs/performance.md."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Peer, Run, Section

READING = """\
## How to read them

- The figure of a row divided by its peer is its ratio. Peers and limits are measured in the same
  run on the same machine, so the ratio says more than the figure: another machine moves both.
- Rates (`/s`, `events/s`): higher is better. Times, calls, syncs, memory: lower is better.
- Everything runs on one machine at once: Postgres, the functions, the emulator, the bench itself.
  With few cores they take time from each other; the load generator's own share is printed.
- An ack is durable when its row is on disk (fsync and synchronous_commit are on). The bench kills
  Postgres afterwards and counts what recovery finds: the ratio of rows to answers must be 1.
- Whether the disk keeps its word after an fsync is a matter of the machine.
"""


def print_run(run: Run, console: Console) -> None:
    """One table, a block for each section."""
    table = Table(title="CalSync, measured", caption=_where(run), show_lines=False)
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("beside")
    table.add_column("ratio", justify="right")
    for section in run.sections:
        table.add_section()
        table.add_row(f"[bold]{section.title}")
        for figure in section.figures:
            table.add_row(*_cells(figure))
    console.print(table)


def page(run: Run) -> str:
    """docs/performance.md."""
    return "\n".join(_lines(run))


def _lines(run: Run) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield "Written by `make bench ARGS='--write docs/performance.md'`: run that, do not edit this."
    yield ""
    yield f"{_where(run)}."
    for section in run.sections:
        yield from _section_lines(section)
    yield ""
    yield READING


def _section_lines(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {section.title}"
    yield ""
    yield section.how
    yield ""
    yield "| what | figure | beside | ratio |"
    yield "| --- | ---: | --- | ---: |"
    for figure in section.figures:
        yield f"| {' | '.join(_cells(figure))} |"


def _cells(figure: Figure) -> tuple[str, str, str, str]:
    beside = _beside(figure.peer, figure.unit) if figure.peer else ""
    ratio = f"{figure.ratio:.3g}" if figure.ratio is not None else ""
    note = f" ({figure.note})" if figure.note else ""
    return figure.name, _amount(figure.value, figure.unit), beside, f"{ratio}{note}"


def _beside(peer: Peer, unit: str) -> str:
    return f"{peer.name}: {_amount(peer.value, unit if peer.unit is None else peer.unit)}"


def _amount(value: float, unit: str) -> str:
    digits = 0 if value == round(value) or value >= 1000 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def _where(run: Run) -> str:
    machine = run.machine
    return (
        f"{run.date}; {machine['cores']} cores, {machine['memory']}; load before the run "
        f"{machine['load_before']}; Python {machine['python']}, Postgres {machine['postgres']} "
        f"(fsync {machine['fsync']}, synchronous_commit {machine['synchronous_commit']}, "
        f"shared_buffers {machine['shared_buffers']}); the run took {run.seconds:.0f} s"
    )
