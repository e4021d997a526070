"""The rules that make a draft of a tree, one per file, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sandbox.sql.draft import Draft
from sandbox.sql.rules.group import group
from sandbox.sql.rules.having import having
from sandbox.sql.rules.limit import limit
from sandbox.sql.rules.order import order
from sandbox.sql.rules.select import select
from sandbox.sql.rules.where import where

Rule = Callable[[exp.Select, Draft], Draft]

RULES: tuple[Rule, ...] = (where, group, select, having, order, limit)  # after `table`, which makes the first draft
