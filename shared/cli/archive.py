"""Calendars imported from .ics files: what became of each component, and of each event after it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType

from shared.cli.control import Control
from shared.cli.output import table
from shared.errors import InvalidRequest
from shared.states import SyncMethod
from shared.steps.service import Service

PERSON = "archive@calsync.test"
ATTEMPTS = 3
"""A calendar that failed so often is not waited for any longer."""
COUNTS = 20
"""How often it is counted before something is called lost."""


@dataclass(frozen=True, slots=True)
class Imports:
    """What the provider made of the components of the files: imported, or refused by reason."""

    files: int
    components: int
    imported: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of everything, from the files to the mirror."""

    imports: Imports
    events: int
    mirrored: int
    refused: Mapping[str, int]
    calendars_failed: int

    @property
    def lost(self) -> int:
        """Events that are neither mirrored nor refused."""
        return self.events - self.mirrored - sum(self.refused.values())


class Archive:
    """The calendars that were imported into the emulator behind `control`."""

    def __init__(self, service: Service, control: Control) -> None:
        self._service = service
        self._control = control
        self._counts = 0

    def is_read(self) -> bool:
        """Whether each of its calendars was read completely, or has failed for good."""
        rows = self._explanations()
        return len(rows) == len(self._reports()) and not any(map(_waits, rows))

    def fate(self) -> Fate | None:
        """What became of it all; None where it is to be asked again a moment later.

        People go on editing meanwhile: what seems lost may not have been read yet.
        """
        found = self._count()
        self._counts += 1
        return found if found.lost == 0 or self._counts >= COUNTS else None

    def _count(self) -> Fate:
        reports, rows = self._reports(), self._explanations()
        return Fate(
            imports=summed(reports.values()),
            events=sum(self._events(calendar) for calendar in reports),
            mirrored=sum(row["events"] for row in rows),
            refused=_added(row["refused_events"] for row in rows),
            calendars_failed=sum(row["attempts"] > 0 for row in rows),
        )

    def _reports(self) -> dict[str, dict[str, Any]]:
        """The last report on each calendar, by the provider's id."""
        return {report["calendar"]: report for report in self._control.imports()}

    def _explanations(self) -> list[Mapping[str, Any]]:
        reports, database = self._reports(), self._service.database
        ours = {
            row["id"]
            for row in database.read("calendars")
            if row["provider_calendar_id"] in reports
        }
        rows = database.read("calendar_explanations", where={"account_email": PERSON})
        return [row for row in rows if row["calendar_id"] in ours]

    def _events(self, calendar: str) -> int:
        """Events that a full sync is told of: cancelled ones only where a series needs them."""
        events = self._control.events(PERSON, calendar)
        return sum(each["status"] != "cancelled" or "recurringEventId" in each for each in events)


def _waits(row: Mapping[str, Any]) -> bool:
    return bool(row["method"] == SyncMethod.FULL and row["attempts"] < ATTEMPTS)


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def summed(reports: Iterable[Mapping[str, Any]]) -> Imports:
    """The reports of the emulator on its imports, added up."""
    known = list(reports)
    components = [each for report in known for each in report["components"]]
    refused = Counter(each["reason"] for each in components if each["outcome"] == "refused")
    return Imports(len(known), len(components), len(components) - refused.total(), dict(refused))


def load(control: Control, folder: Path) -> int:
    """Imports every .ics file below `folder`, each into a calendar named after it; gives how many.

    Calendars that are there already are left alone. Raises `InvalidRequest` without any file.
    """
    files = ics_files(folder)
    people = {person["email"]: person for person in control.people()}
    if PERSON not in people:
        control.add_person(PERSON, "Archive")
    known = {each["summary"] for each in people.get(PERSON, {}).get("calendars", [])}
    new = [path for path in files if str(path.relative_to(folder)) not in known]
    for path in new:
        name = str(path.relative_to(folder))
        control.import_ics(PERSON, control.add_calendar(PERSON, name), name, path.read_bytes())
    return len(new)


def ics_files(folder: Path) -> Sequence[Path]:
    """The .ics files below a folder. Raises `InvalidRequest` where there are none."""
    files = sorted(folder.rglob("*.ics")) if folder.is_dir() else []
    if not files:
        raise InvalidRequest(f"There is no .ics file in {folder}")
    return files


def told_imports(imports: Imports) -> RenderableType:
    """The first half, where nothing mirrors the emulator."""
    return table("Imported calendars", ("What", "How many"), _import_rows(imports))


def told(fate: Fate) -> RenderableType:
    """The fate as a table, with a verdict."""
    rows = [
        *_import_rows(fate.imports),
        ("events of the provider", str(fate.events)),
        ("[green]mirrored[/]", str(fate.mirrored)),
        *_reasons("refused by the mirror", fate.refused),
    ]
    verdict = "[green]Nothing was lost.[/]"
    if fate.lost or fate.calendars_failed:
        verdict = f"[red]Lost: {fate.lost}; calendars that failed: {fate.calendars_failed}[/]"
    return Group(table("Imported calendars", ("What", "How many"), rows), verdict)


def _import_rows(imports: Imports) -> list[tuple[str, str]]:
    return [
        ("files", str(imports.files)),
        ("components in them", str(imports.components)),
        ("[green]imported by the provider[/]", str(imports.imported)),
        *_reasons("refused by the provider", imports.refused),
    ]


def _reasons(what: str, counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(f"{what}: {reason}", str(number)) for reason, number in sorted(counts.items())]
