"""Requests on functions: `/rpc/{function}` by POST, with named arguments, or by GET."""

from collections.abc import Callable

from emulator.rest import mutate, payload, present, query, ranges, sql
from emulator.rest.call import Answer, Call, answer, total_of
from emulator.rest.errors import RestError
from emulator.rest.query import Query
from emulator.rest.schema import EXPOSED, Routine
from emulator.rest.session import Transaction


def invoke(call: Call, name: str, overloads: tuple[Routine, ...]) -> Answer:
    """Calls the one function of `overloads` that takes the arguments given.

    Raises:
        RestError: 404 PGRST202 when none does, 300 PGRST203 when several do.
    """
    by_post = call.caller.method == "POST"
    asked = query.parse(call.parameters, name, calls_function=not by_post)
    if by_post:
        given = payload.read(call.body, call.content_type, asked.columns, calls_function=True)
        routine = _choose(name, frozenset(given.keys), overloads, by_post)
        work = mutate.call_with_body(routine, given)
    else:
        names = frozenset(key for key, _ in asked.arguments)
        routine = _choose(name, names, overloads, by_post)
        work = mutate.call_with_arguments(routine, asked.arguments)
    return _answer(call, routine, work, asked)


def _answer(call: Call, routine: Routine, work: sql.Fragment, asked: Query) -> Answer:
    by_get = call.caller.method == "GET"
    wanted = ranges.requested(asked.limit, asked.offset, call.range_header if by_get else None)
    outcome = call.sessions.run(
        call.caller,
        Transaction(
            present.statement(_presentation(call, routine, work, asked, wanted)),
            read_only=call.caller.method != "POST" or not routine.is_volatile,
            rolled_back=call.rolled_back,
            check_rows=_row_check(call, routine),
        ),
    )
    total = total_of(outcome)
    last = wanted.lower + outcome.rows - 1
    headers = {
        "Content-Range": ranges.content_range(wanted.lower, last, total),
        **call.preferences.applied("max-affected"),
    }
    if routine.returns_void:
        return answer(call, outcome, 204, headers, with_body=False)
    return answer(call, outcome, ranges.status_of(wanted, outcome.rows, total), headers, True)


def _presentation(
    call: Call, routine: Routine, work: sql.Fragment, asked: Query, wanted: ranges.RowRange
) -> present.Presentation:
    source = sql.Source(sql.raw("pgrst_source"), {})
    return present.Presentation(
        work=work,
        view=sql.select(source, asked.select, asked.conditions, asked.order, wanted),
        representation=call.representation,
        total=sql.count(source, asked.conditions) if call.preferences.counted else None,
        scalar=not routine.returns_composite,
        single=not routine.returns_set,
    )


def _row_check(call: Call, routine: Routine) -> Callable[[int], None]:
    if routine.returns_set:
        return call.check_affected
    if call.preferences.get("handling") == "strict" and call.preferences.get("max-affected"):
        raise RestError(
            400,
            "PGRST128",
            "Function must return SETOF or TABLE when max-affected preference is used "
            "with handling=strict",
        )
    return call.check_rows


def _choose(
    name: str, given: frozenset[str], overloads: tuple[Routine, ...], by_post: bool
) -> Routine:
    candidates = [routine for routine in overloads if routine.accepts(given)]
    if not candidates:
        raise _no_function(name, given, by_post)
    if len(candidates) > 1:
        raise _ambiguous(candidates)
    return candidates[0]


def _no_function(name: str, given: frozenset[str], by_post: bool) -> RestError:
    names = ", ".join(sorted(given))
    described = f"({names})" if given else " without parameters"
    searched = (
        f" with parameter{'s' if len(given) > 1 else ''} {names}"
        if given
        else " without parameters"
    )
    return RestError(
        404,
        "PGRST202",
        f"Could not find the function {EXPOSED}.{name}{described} in the schema cache",
        f"Searched for the function {EXPOSED}.{name}{searched}"
        + (" or with a single unnamed json/jsonb parameter" if by_post else "")
        + ", but no matches were found in the schema cache.",
    )


def _ambiguous(candidates: list[Routine]) -> RestError:
    described = [
        f"{EXPOSED}.{routine.name}("
        + ", ".join(f"{each.name} => {each.type_name}" for each in routine.arguments)
        + ")"
        for routine in candidates
    ]
    return RestError(
        300,
        "PGRST203",
        "Could not choose the best candidate function between: " + ", ".join(described),
        None,
        "Try renaming the parameters or the function itself in the database so function "
        "overloading can be resolved",
    )
