"""What must hold between a table's accuracy rules and its columns."""

from __future__ import annotations

from sandbox.catalogue.declared import constant
from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.keys import invalid
from sandbox.catalogue.rules import Pattern, Range, Refers, columns_of


def check_rules(entry: Entry, table: TableEntry, where: str) -> None:
    """Raise `Problem(field_invalid)` when a rule names what is not there, or does not fit its column."""
    for place, rule in enumerate(table.quality):
        at = f"{where}.quality[{place}]"
        for name in columns_of(rule):
            if table.column(name) is None:
                raise invalid(at, f"{name} is not a column of {table.name}; name one")
        match rule:
            case Range():
                _check_range(table, rule, at)
            case Pattern():
                column = table.column(rule.column)
                if column is None or column.plan_type.kind != "string":
                    raise invalid(f"{at}.column", "patterns are for columns of texts; write a range instead")
            case Refers():
                other = entry.table(rule.to.split(".")[0])
                if other is None or other.column(rule.to.split(".")[1]) is None:
                    raise invalid(f"{at}.to", f"{rule.to} is not a column of a table; write table.column")
            case _:
                pass


def _check_range(table: TableEntry, rule: Range, at: str) -> None:
    column = table.column(rule.column)
    assert column is not None
    if column.plan_type.kind in ("string", "boolean"):
        raise invalid(f"{at}.column", "ranges are for numbers and dates; write a pattern instead")
    if rule.least is None and rule.most is None:
        raise invalid(at, "a range has least, most or both; write one")
    for name, raw in (("least", rule.least), ("most", rule.most)):
        if raw is not None:
            try:
                constant(column.type, raw)
            except ValueError as error:
                raise invalid(f"{at}.{name}", str(error)) from None
