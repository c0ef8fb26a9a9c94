"""Writes the migration from `sql/`: `python -m shared.db.build`, or `make migration`."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SQL = REPOSITORY / "sql"
MIGRATION = REPOSITORY / "supabase" / "migrations" / "20261120000000_calsync.sql"

_HEADER = "-- Made from sql/ by `make migration`; change the files there, not this one.\n"


def schema_files() -> list[Path]:
    """The files of the schema in reading order: tables, functions, views, policies."""
    folders = (SQL / name for name in ("tables", "functions", "views"))
    return [*(path for folder in folders for path in in_order(folder)), SQL / "policies.sql"]


def in_order(folder: Path) -> list[Path]:
    """The SQL files of a folder by their leading number (2 comes before 10)."""
    return sorted(folder.glob("*.sql"), key=_reading_order)


def migration_text() -> str:
    """The whole schema as one migration; every part is preceded by the name of its file."""
    return "\n".join((_HEADER, *map(_part, schema_files())))


def main() -> None:
    """Writes the migration file."""
    MIGRATION.parent.mkdir(parents=True, exist_ok=True)
    MIGRATION.write_text(migration_text(), encoding="utf-8")


def _part(path: Path) -> str:
    name = path.relative_to(REPOSITORY).as_posix()
    return f"-- {name}\n{path.read_text(encoding='utf-8').strip()}\n"


def _reading_order(path: Path) -> tuple[int, str]:
    number = re.match(r"\d+", path.name)
    return (int(number[0]) if number else 0, path.name)


if __name__ == "__main__":
    main()
