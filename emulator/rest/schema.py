"""What the database offers: relations and functions of schema public, read from the catalogue."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg_pool import ConnectionPool

EXPOSED = "public"

_COLUMNS = """
SELECT c.relname AS relation, a.attname AS name, tn.nspname AS type_schema, t.typname AS type_name,
       CASE WHEN a.attidentity <> ''
            THEN format('nextval(%%L)', pg_get_serial_sequence(c.oid::regclass::text, a.attname))
            ELSE pg_get_expr(d.adbin, d.adrelid) END AS default_expression,
       coalesce(a.attnum = ANY(pk.conkey), false) AS is_key
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''
LEFT JOIN pg_constraint pk ON pk.conrelid = c.oid AND pk.contype = 'p'
WHERE c.relnamespace = to_regnamespace(%s)
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
ORDER BY c.relname, a.attnum
"""

_ROUTINES = """
SELECT p.proname AS name, p.provolatile = 'v' AS is_volatile, p.proretset AS returns_set,
       p.prorettype = 'void'::regtype AS returns_void,
       r.typtype = 'c' OR coalesce(p.proargmodes::text[] && '{t,b,o}', false) AS returns_composite,
       coalesce(arguments.listed, '[]') AS arguments
FROM pg_proc p
JOIN pg_type r ON r.oid = p.prorettype
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
               'name', coalesce(p.proargnames[position.of_all], ''),
               'type_schema', n.nspname, 'type_name', t.typname,
               'required', a.ordinal <= p.pronargs - p.pronargdefaults,
               'variadic', p.provariadic <> 0 AND a.ordinal = p.pronargs
           ) ORDER BY a.ordinal) AS listed
    FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, ordinal)
    JOIN pg_type t ON t.oid = a.type
    JOIN pg_namespace n ON n.oid = t.typnamespace
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT (array_agg(m.ordinal ORDER BY m.ordinal))[a.ordinal]
            FROM unnest(p.proargmodes) WITH ORDINALITY AS m(mode, ordinal)
            WHERE m.mode IN ('i', 'b', 'v')
        ), a.ordinal)::int AS of_all
    ) AS position
) AS arguments ON true
WHERE p.pronamespace = to_regnamespace(%s) AND p.prokind = 'f'
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
"""


@dataclass(frozen=True)
class Column:
    relation: str
    name: str
    type_schema: str
    type_name: str
    default_expression: str | None
    is_key: bool


@dataclass(frozen=True)
class Relation:
    """A table or view."""

    name: str
    columns: Mapping[str, Column]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns.values() if column.is_key)


@dataclass(frozen=True)
class Argument:
    name: str
    type_schema: str
    type_name: str
    required: bool
    variadic: bool


@dataclass(frozen=True)
class Routine:
    """A function and the shape of what it returns."""

    name: str
    arguments: tuple[Argument, ...]
    is_volatile: bool
    returns_set: bool
    returns_void: bool
    returns_composite: bool

    def accepts(self, names: frozenset[str]) -> bool:
        """Whether a call with arguments of these names can be meant for this function."""
        required = {argument.name for argument in self.arguments if argument.required}
        return required <= names <= {argument.name for argument in self.arguments}


@dataclass(frozen=True)
class Schema:
    """The catalogue at one moment; functions of one name are listed together."""

    relations: Mapping[str, Relation]
    routines: Mapping[str, tuple[Routine, ...]]


class SchemaCache:
    """The catalogue, read when first needed and again when a request misses something in it."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._schema: Schema | None = None

    def current(self) -> Schema:
        with self._lock:
            if self._schema is None:
                self._schema = self._load()
            return self._schema

    def reload(self) -> Schema:
        with self._lock:
            self._schema = self._load()
            return self._schema

    def _load(self) -> Schema:
        with self._pool.connection() as connection:
            return Schema(_relations(connection), _routines(connection))


def _relations(connection: psycopg.Connection) -> dict[str, Relation]:
    columns: defaultdict[str, dict[str, Column]] = defaultdict(dict)
    with connection.cursor(row_factory=class_row(Column)) as cursor:
        for column in cursor.execute(_COLUMNS, (EXPOSED,)):
            columns[column.relation][column.name] = column
    return {name: Relation(name, found) for name, found in columns.items()}


def _routines(connection: psycopg.Connection) -> dict[str, tuple[Routine, ...]]:
    routines: defaultdict[str, list[Routine]] = defaultdict(list)
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_ROUTINES, (EXPOSED,)):
            arguments = tuple(Argument(**argument) for argument in row.pop("arguments"))
            routines[row["name"]].append(Routine(**row, arguments=arguments))
    return {name: tuple(found) for name, found in routines.items()}
