"""A client that follows delta links, as careful as a client has to be."""

from tests.emulator_microsoft.helpers import IMMUTABLE, Graph, Json


class Mirror:
    """What happens in one window, kept by delta rounds: id to (start, end)."""

    def __init__(self, graph: Graph, span: str, *, page_size: int = 3) -> None:
        self._graph = graph
        self._first = f"/me/calendarView/delta?{span}"
        self._prefer = f"{IMMUTABLE}, odata.maxpagesize={page_size}"
        self.link = self._first
        self.rows: dict[str, Json] = {}

    def sync(self) -> list[Json]:
        """Follow one round; returns its rows."""
        rows, self.link = self._graph.pages(self.link, Prefer=self._prefer)
        for master in {row["seriesMasterId"] for row in rows if row.get("seriesMasterId")}:
            # A removed occurrence is not flagged: a series that appears is replaced as a whole.
            self._forget(master)
        for row in rows:
            if "@removed" in row:
                self.rows.pop(row["id"], None)
                self._forget(row["id"])
            elif row["type"] != "seriesMaster":
                self.rows[row["id"]] = row
        return rows

    def _forget(self, master: str) -> None:
        self.rows = {
            key: row for key, row in self.rows.items() if row.get("seriesMasterId") != master
        }

    def times(self) -> dict[str, tuple[str, str]]:
        """To compare with a calendar view."""
        return times(list(self.rows.values()))


def times(rows: list[Json]) -> dict[str, tuple[str, str]]:
    """Start and end by id."""
    return {row["id"]: (row["start"]["dateTime"], row["end"]["dateTime"]) for row in rows}
