"""Cuts a SQL script into its statements, the way the Supabase CLI records them."""

import re

# Whatever may contain a semicolon that ends no statement, and the semicolon that does.
_PIECE = re.compile(
    r"""
      --[^\n]*
    | /\*.*?\*/
    | \b[eE]'(?:[^'\\]|''|\\.)*'
    | '(?:[^']|'')*'
    | "[^"]*"
    | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)


def split_statements(script: str) -> list[str]:
    """The statements of a script, without their semicolons, each with the comments before it."""
    ends = [piece.start() for piece in _PIECE.finditer(script) if piece["end"]]
    starts = [0, *(end + 1 for end in ends)]
    cut = (script[start:end].strip() for start, end in zip(starts, [*ends, None], strict=True))
    return [statement for statement in cut if statement]
