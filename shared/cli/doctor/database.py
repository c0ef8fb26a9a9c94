"""Does the database answer, is it new enough, is its schema up to date?"""

from collections.abc import Iterator

from shared.cli.doctor.check import Check, failed, ok
from shared.db.standing import standing
from shared.errors import CalSyncError
from shared.steps.service import Service


def check_database(service: Service) -> Iterator[Check]:
    """Over REST only the presence of the schema can be seen."""
    url = service.settings.database_url
    if url is not None:
        try:
            yield from _server(url)
        except CalSyncError as error:
            yield failed("database", str(error))
            return
    yield _schema(service)


def _server(url: str) -> Iterator[Check]:
    found = standing(url)
    yield ok("database", f"Postgres {found.version} answers")
    if found.too_old:
        yield failed("database version", f"Postgres {found.version}: 15 or newer is needed")
    if found.pending:
        missing = ", ".join(found.pending)
        yield failed("migrations", f"not applied: {missing}; run `calsync migrate`")
    else:
        yield ok("migrations", "up to date")


def _schema(service: Service) -> Check:
    try:
        (summary,) = service.database.read("due_summary")
    except CalSyncError as error:
        return failed("schema", f"{error}; run `calsync migrate`")
    return ok("schema", f"present; {summary['calendars_due']} calendars are due")
