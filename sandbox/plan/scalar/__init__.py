"""Scalar expressions: what may be computed from one row (or, in post-processing, from one released row).

The node types are the allow-list: text that has no node here cannot reach an engine. Nodes are frozen and validate
themselves; each knows its type. NULL follows SQL's three-valued logic: it makes what is computed from it NULL, unless
the node says otherwise. No value can make a node fail.
"""

from sandbox.plan.scalar.basic import Case, Column, Compare, Constant, Extreme, In, IsNull, Like, Logic, Not
from sandbox.plan.scalar.dates import DateAdd, DatePart, MakeDate, Part, Snap
from sandbox.plan.scalar.numbers import MOST_LISTED, ROOTS, Arithmetic, Function, Name, Round, Sign
from sandbox.plan.scalar.texts import (
    MOST_DIGITS,
    MOST_SCALE,
    Concat,
    Length,
    Pad,
    Position,
    Replace,
    Split,
    Text,
    ToDate,
    ToNumber,
    ToText,
)
from sandbox.plan.scalar.tree import Scalar, children, columns, depth, levels, mapped, renamed
from sandbox.plan.scalar.types import BOOLEAN, DATE, INTEGER, STRING, Kind, Type, Value, comparable

__all__ = [
    "BOOLEAN",
    "DATE",
    "INTEGER",
    "MOST_DIGITS",
    "MOST_LISTED",
    "MOST_SCALE",
    "ROOTS",
    "STRING",
    "Arithmetic",
    "Case",
    "Column",
    "Compare",
    "Concat",
    "Constant",
    "DateAdd",
    "DatePart",
    "Extreme",
    "Function",
    "In",
    "IsNull",
    "Kind",
    "Length",
    "Like",
    "Logic",
    "MakeDate",
    "Name",
    "Not",
    "Pad",
    "Part",
    "Position",
    "Replace",
    "Round",
    "Scalar",
    "Sign",
    "Snap",
    "Split",
    "Text",
    "ToDate",
    "ToNumber",
    "ToText",
    "Type",
    "Value",
    "children",
    "columns",
    "comparable",
    "depth",
    "levels",
    "mapped",
    "renamed",
]
