"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, the verdict, and what to do about it where it is bad."""

    name: str
    verdict: Verdict
    detail: str


def ok(name: str, detail: str) -> Check:
    """All is well."""
    return Check(name, Verdict.OK, detail)


def warning(name: str, detail: str) -> Check:
    """It works, but should be changed."""
    return Check(name, Verdict.WARNING, detail)


def failed(name: str, detail: str) -> Check:
    """It does not work."""
    return Check(name, Verdict.FAILED, detail)
