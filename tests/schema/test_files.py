"""`sql/` is what people read and `supabase/migrations/` what is applied: they say the same."""

import re
from pathlib import Path

from shared.db.build import MIGRATION, SQL, migration_text, schema_files

NUMBERED = re.compile(r"\d+_[a-z_]+\.sql$")
LINE = re.compile(r"^- `(?P<path>[\w/]+\.sql)` — .+$", re.MULTILINE)


def test_the_migration_is_made_of_sql() -> None:
    assert MIGRATION.read_text(encoding="utf-8") == migration_text(), "run: make migration"


def test_the_readme_lists_the_schema_in_reading_order() -> None:
    listed = LINE.findall((SQL / "README.md").read_text(encoding="utf-8"))

    expected = [path.relative_to(SQL).as_posix() for path in schema_files()]
    assert listed[: len(expected)] == expected


def test_the_readme_lists_every_file_once() -> None:
    listed = LINE.findall((SQL / "README.md").read_text(encoding="utf-8"))

    assert sorted(listed) == sorted(path.relative_to(SQL).as_posix() for path in SQL.rglob("*.sql"))


def test_every_file_says_what_it_is_for() -> None:
    silent = [path.name for path in SQL.rglob("*.sql") if not begins_with_comment(path)]

    assert silent == []


def test_every_file_has_its_place_in_the_order() -> None:
    for folder in ("tables", "functions", "views", "bootstrap"):
        unplaced = [path for path in (SQL / folder).iterdir() if not NUMBERED.match(path.name)]
        assert unplaced == []


def begins_with_comment(path: Path) -> bool:
    return path.read_text(encoding="utf-8").startswith("-- ")
