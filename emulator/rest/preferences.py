"""The Prefer header: what the client would like, and what of it was done."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from emulator.rest import errors

Resolution = Literal["merge-duplicates", "ignore-duplicates"]
_ACCEPTED = {
    "resolution": ("merge-duplicates", "ignore-duplicates"),
    "return": ("representation", "minimal", "headers-only"),
    "count": ("exact", "planned", "estimated"),
    "tx": ("commit", "rollback"),
    "missing": ("default", "null"),
    "handling": ("strict", "lenient"),
}
# The order in which PostgREST lists them in Preference-Applied.
_LISTED = ("resolution", "missing", "return", "count", "tx", "handling", "max-affected")


@dataclass(frozen=True)
class Preferences:
    """The preferences that were understood, by name."""

    chosen: dict[str, str]

    def get(self, name: str) -> str | None:
        return self.chosen.get(name)

    @property
    def representation(self) -> bool:
        return self.chosen.get("return") == "representation"

    @property
    def counted(self) -> bool:
        return self.chosen.get("count") in ("exact", "estimated")

    def check_affected(self, rows: int) -> None:
        """Refuses to change more rows than `max-affected` allows, where handling is strict."""
        most = self.chosen.get("max-affected")
        if most is not None and self.chosen.get("handling") == "strict" and rows > int(most):
            message = "Query result exceeds max-affected preference constraint"
            raise errors.RestError(400, "PGRST124", message, f"The query affects {rows} rows")

    def applied(self, *names: str) -> dict[str, str]:
        """The Preference-Applied header for those of `names` that were asked for."""
        wanted = {*names, "count", "tx", "handling"}
        if self.chosen.get("handling") != "strict":
            wanted.discard("max-affected")
        listed = [
            f"{name}={self.chosen[name]}"
            for name in _LISTED
            if name in wanted and name in self.chosen
        ]
        return {"Preference-Applied": ", ".join(listed)} if listed else {}


def parse(headers: Iterable[str]) -> Preferences:
    """Reads all Prefer headers; the first of two contradicting preferences holds."""
    chosen: dict[str, str] = {}
    invalid: list[str] = []
    for preference in (part.strip() for header in headers for part in header.split(",")):
        name, _, value = preference.partition("=")
        if value in _ACCEPTED.get(name, ()) or (name == "max-affected" and value.isdecimal()):
            chosen.setdefault(name, value)
        elif preference:
            invalid.append(preference)
    if invalid and chosen.get("handling") == "strict":
        raise errors.RestError(
            400,
            "PGRST122",
            "Invalid preferences given with handling=strict",
            f"Invalid preferences: {', '.join(invalid)}",
        )
    return Preferences(chosen)
