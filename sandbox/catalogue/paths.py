"""The way from a row to its privacy unit over foreign keys, as a table's `unit` writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_PATH = re.compile(rf"({_STEP})((?:->{_STEP}\.{_STEP})+)")


@dataclass(frozen=True)
class UnitPath:
    """`column` names a row of the table `parent`; `rest` is how the unit is found from there: a column of `parent`, or
    a path that begins with one."""

    column: str
    parent: str
    rest: str


def read_path(text: str) -> UnitPath | None:
    """Read `visit_id -> visits.person_id`, of any number of steps; None when it is not written like that."""
    found = _PATH.fullmatch(re.sub(r"\s+", "", text))
    if found is None:
        return None
    first, _, rest = found[2].removeprefix("->").partition(".")
    return UnitPath(found[1], first, rest.replace("->", " -> "))
