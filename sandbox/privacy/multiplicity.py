"""How many rows one unit can have in a relation: derived a second time, from the definitions.

It asks nothing of the nodes' own `rows` and states. Facts that a relation takes from elsewhere – the rows of a unit in
a table, the fan-out of a public side – are checked against the registration where the data is."""

from __future__ import annotations

from sandbox.plan import relation as r
from sandbox.plan.own import Own
from sandbox.plan.walk import walk


def most_rows(node: r.Relation) -> int:
    """Give the most rows of one unit; 0 for a relation that has no units. Raises ValueError for one that cannot be."""
    match node:
        case Own():  # whoever is in the data has the row of its identifier, which is there once; nobody else has one
            return 1
        case r.Scan():
            return node.rows
        case r.Public() | r.Values() | r.Released():
            return 0
        case r.Filter() | r.Project() | r.Window() | r.Sort():
            return most_rows(node.source)  # at most one row for each
        case r.Group():  # a group has a row at least; without keys there is one group of a unit
            return most_rows(node.source) if node.keys else min(1, most_rows(node.source))
        case r.Union():
            return sum(most_rows(source) for source in node.sources)
        case r.Semi():
            if most_rows(node.left) == 0 < most_rows(node.right):
                raise ValueError("whether public rows are kept would tell who has rows")
            return most_rows(node.left)
        case r.Worked():
            return _worked(node)
        case r.Join():
            return _join(node, most_rows(node.left), most_rows(node.right))


def _worked(node: r.Worked) -> int:
    """All rows of a unit are in one block, which one depends on that unit alone, and no block knows of another: of the
    rows that the blocks give, one is replaced – it goes and another comes."""
    if most_rows(node.source) == 0 or any(isinstance(one, r.Worked) for one in walk(node.source)):
        raise ValueError("a program works on blocks of units as they are stored")
    return 2


def _join(node: r.Join, left: int, right: int) -> int:
    if left == 0:
        if right:
            raise ValueError("a public side is not preserved")
        return 0
    if right == 0:
        if node.how == "full" or node.fanout is None:
            raise ValueError("a public side is neither preserved nor met more often than is known")
        each = node.fanout
    else:
        each = right if node.fanout is None else min(right, node.fanout)
    if node.how == "inner":
        return left * each
    if node.how == "left" or not (node.equal or node.condition is not None):
        return left * max(each, 1)
    # a left rows meet m_1 … m_a ≤ each right ones, together at least max m_i different ones; the others stay alone:
    # Σm_i + (left − a) + (right − max m_i) ≤ (a − 1)·each + left − a + right, largest at a = left or at a = 0
    return max((left - 1) * max(each, 1) + right, left + right)
