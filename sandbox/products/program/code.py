"""What can be said of code without running it: whether it is Python, defines what is called, and imports what there is.

This is help for its author. What code may do is decided where it runs (`sandbox.isolation`), not here."""

from __future__ import annotations

import ast

from sandbox.errors import Problem

LONGEST = 50_000
ENTRY = "program"
ARGUMENTS = 2
LIBRARY = frozenset(
    {
        *(
            "numpy",
            "pandas",
            "bisect",
            "calendar",
            "cmath",
            "collections",
            "copy",
            "dataclasses",
            "datetime",
            "decimal",
        ),
        *("enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "numbers", "operator"),
        *("random", "re", "statistics", "string", "textwrap", "time", "typing", "unicodedata", "zoneinfo"),
    }
)
"""What is there to be imported; `sandbox.isolation.inside.loaded` loads it."""


def check(code: str, field: str = "spec.code") -> None:
    """Refuse (field_invalid) code that cannot run, saying what to write."""
    if len(code.encode()) > LONGEST:
        raise _invalid(field, f"the code is longer than {LONGEST:,} bytes; shorten it")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise _invalid(field, f"this is not Python{f', in line {line}' if line else ''}; correct it") from None
    made = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == ENTRY]
    if len(made) != 1 or len(made[0].args.posonlyargs) + len(made[0].args.args) != ARGUMENTS:
        raise _invalid(field, f"define one function: def {ENTRY}(rows, parameters), which returns a dict of numbers")
    for name in sorted(_imported(tree) - LIBRARY):
        raise _invalid(field, f"there is no {name} to import; programs have pandas, numpy and the standard library's "
                              f"{', '.join(sorted(LIBRARY - {'numpy', 'pandas'}))}")  # fmt: skip


def _imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found - {"__future__"}


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field {field}: {say}.", field=field)
