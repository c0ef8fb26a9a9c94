"""Everything that is written in a database, as one value: to show that nothing was."""

from tests.support.rig import Rig

TABLES = """
  select c.oid::regclass::text as name from pg_class c
  where c.relkind in ('r', 'p') and not c.relispartition
    and c.relnamespace::regnamespace::text in ('public', 'calsync_private', 'auth')
"""
HASH = "select '{0}' as name, md5(coalesce(string_agg(t::text, '' order by t::text), '')) as hash"


def snapshot(rig: Rig) -> dict[str, str]:
    """A hash of the rows of every table, by its name."""
    names = [row["name"] for row in rig.sql(TABLES)]
    assert len(names) > 15
    queries = (f"{HASH.format(name)} from {name} t" for name in names)
    return {row["name"]: row["hash"] for row in rig.sql(" union all ".join(queries))}
