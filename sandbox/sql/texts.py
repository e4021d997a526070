"""Functions of text, as far as every engine agrees on every character there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql.conditions import compare
from sandbox.sql.reading import to_text
from sandbox.sql.terms import WORDS, Bound, Calls, Reader, Term, computed, literal, quote, refuse, whole

MOST_CHARACTERS = 10_000  # a place or a length
MOST_PART = 250  # characters of what is looked for, or put in place of it
MOST_PARTS = 100  # of a text that is split
MOST_COPIES = 64  # of stored texts, in one that is made


def made(reader: Reader, node: exp.Expr, make: Callable[[s.Scalar], s.Scalar]) -> Term:
    """Give the term of a function of the text `node.this`."""
    arg = reader.term(node.this)
    if arg.null:
        return literal(None)
    if arg.type != s.STRING:
        raise refuse(f"{node.sql_name()} takes a text; a {WORDS[arg.type.kind]} is none.")  # type: ignore[attr-defined]
    _copied(make(arg.node), node)
    return computed(make, arg)


def _copied(made: s.Scalar, written: exp.Expr) -> None:
    if copies(made) > MOST_COPIES:
        raise refuse(f"{quote(written)} joins too many texts; join at most {MOST_COPIES}.")


def copies(node: s.Scalar) -> int:
    """Give how many times the longest stored text the text of `node` can be long."""
    if node.type != s.STRING:
        return 0
    match node:
        case s.Column() | s.Pad():
            return 1
        case s.Constant() | s.ToText():
            return 0
        case s.Concat():
            return sum(copies(arg) for arg in node.args)
        case s.Replace():
            return copies(node.arg) * max(1, -(-len(node.new) // len(node.old)))
        case _:
            return max((copies(child) for child in s.children(node)), default=0)


def _length(reader: Reader, node: exp.Expr) -> Term:
    found = made(reader, node, s.Length)
    most = _longest(found.node.arg) if isinstance(found.node, s.Length) else None
    return found if most is None else replace(found, low=Decimal(0), high=most)


def _longest(arg: s.Scalar) -> Bound:
    """How long a text can be, None when nobody says."""
    match arg:
        case s.Text(what="slice"):
            return None if arg.start > 0 and arg.length is None else Decimal(arg.length or max(-arg.start, 0))
        case s.Pad():
            return Decimal(arg.length)
        case s.Text() | s.Split():
            return _longest(arg.arg)
        case s.Constant():
            return Decimal(len(str(arg.value)))
        case _:
            return None


def _made_alike(reader: Reader, node: exp.Expr) -> Term:
    whats: dict[type[exp.Expr], Literal["lower", "upper", "reverse"]] = {
        exp.Lower: "lower", exp.Upper: "upper", exp.Reverse: "reverse",
    }  # fmt: skip
    what = whats[type(node)]
    return made(reader, node, lambda arg: s.Text(what, arg))


def _trim(reader: Reader, node: exp.Expr) -> Term:
    if node.args.get("expression"):
        raise refuse("TRIM takes spaces away, nothing else; write TRIM(x).")
    sides: dict[str, Literal["ltrim", "rtrim"]] = {"LEADING": "ltrim", "TRAILING": "rtrim"}
    side = sides.get(str(node.args.get("position") or "").upper())
    return made(reader, node, lambda arg: s.Text(side or "trim", arg))


def _slice(reader: Reader, node: exp.Expr) -> Term:
    start: int
    length: int | None
    match node:
        case exp.Left():
            start, length = 1, _place(node.expression, 0)
        case exp.Right():
            start, length = -_place(node.expression, 1), None
        case _:
            written = node.args.get("length")
            begin = node.args.get("start")
            length = None if written is None else _place(written, 0)
            least = 1 if length is not None else -MOST_CHARACTERS
            start = 1 if begin is None else _place(begin, least)
    if start == 0:
        raise refuse("Places in a text are counted from 1; write SUBSTRING(x, 1, n).")
    return made(reader, node, lambda arg: s.Text("slice", arg, start, length))


def _place(node: exp.Expr, least: int) -> int:
    return whole(node, least, MOST_CHARACTERS, "A place in a text")


def _word(node: exp.Expr | None, what: str, *, empty: bool = False) -> str:
    """The text in quotes that `node` is."""
    inner = node.unnest() if node is not None else None
    if isinstance(inner, exp.Literal) and inner.is_string and "\0" not in inner.this:
        word = str(inner.this)
        if len(word) <= MOST_PART and (word or empty):
            return word
    raise refuse(f"{what} takes a text in quotes, of 1 to {MOST_PART} characters; write one.")


def _position(reader: Reader, node: exp.Expr) -> Term:
    part = _word(node.args["substr"], "POSITION", empty=True)
    return made(reader, node, lambda arg: s.Position(arg, part))


def _contains(reader: Reader, node: exp.Expr) -> Term:
    part = _word(node.expression, "CONTAINS", empty=True)
    return compare(">", made(reader, node, lambda arg: s.Position(arg, part)), literal(0))


def _begins(reader: Reader, node: exp.Expr) -> Term:
    """A text begins with its first characters, and ends with its last."""
    part = _word(node.expression, type(node).__name__.upper(), empty=True)
    start = -len(part) if isinstance(node, exp.EndsWith) and part else 1
    length = len(part) if start > 0 else None
    return compare("=", made(reader, node, lambda arg: s.Text("slice", arg, start, length)), literal(part))


def _replace(reader: Reader, node: exp.Expr) -> Term:
    old = _word(node.expression, "REPLACE")
    new = _word(node.args.get("replacement") or exp.Literal.string(""), "REPLACE", empty=True)
    return made(reader, node, lambda arg: s.Replace(arg, old, new))


def _pad(reader: Reader, node: exp.Expr) -> Term:
    side: Literal["left", "right"] = "left" if node.args.get("is_left") else "right"
    fill = _word(node.args.get("fill_pattern") or exp.Literal.string(" "), "LPAD")
    length = _place(node.expression, 0)
    return made(reader, node, lambda arg: s.Pad(side, arg, length, fill))


def _split(reader: Reader, node: exp.Expr) -> Term:
    separator = _word(node.args["delimiter"], "SPLIT_PART")
    place = whole(node.args["part_index"], -MOST_PARTS, MOST_PARTS, "The part of SPLIT_PART")
    if place == 0:
        raise refuse("Parts of a text are counted from 1; write SPLIT_PART(x, ',', 1).")
    return made(reader, node, lambda arg: s.Split(arg, separator, place))


def _repeat(reader: Reader, node: exp.Expr) -> Term:
    times = whole(node.args["times"], 0, MOST_COPIES, "The count of REPEAT")
    if times == 0:
        return made(reader, node, lambda arg: s.Text("slice", arg, 1, 0))
    return made(reader, node, lambda arg: s.Concat((arg,) * times) if times > 1 else arg)


def joined(args: Sequence[Term], separator: str, skip: bool, written: exp.Expr) -> Term:
    """Texts one after the other; anything else is written as text first."""
    if not skip and any(arg.null for arg in args):
        return literal(None)
    texts = [to_text(arg) for arg in args if not arg.null]
    if not texts:
        return literal("")
    skip = bool(separator) or any(text.nullable for text in texts) if skip else False

    def make(*nodes: s.Scalar) -> s.Scalar:
        return s.Concat(_flat(nodes, skip), separator, skip)

    _copied(make(*(text.node for text in texts)), written)
    if len(texts) == 1 and not skip:
        return texts[0]
    return computed(make, *texts, nullable=False if skip else None)


def _flat(nodes: Sequence[s.Scalar], skip: bool) -> tuple[s.Scalar, ...]:
    """Without brackets: (a || b) || c is a || b || c."""
    if skip:
        return tuple(nodes)
    return tuple(
        part for node in nodes for part in (node.args if isinstance(node, s.Concat) and not node.skip else (node,))
    )


def _concat(reader: Reader, node: exp.Expr) -> Term:
    if isinstance(node, exp.DPipe):
        return joined([reader.term(node.this), reader.term(node.expression)], "", False, node)
    if isinstance(node, exp.ConcatWs):
        first, *others = node.expressions
        return joined([reader.term(one) for one in others], _word(first, "CONCAT_WS", empty=True), True, node)
    return joined([reader.term(one) for one in node.expressions], "", True, node)


CALLS: Calls = {
    exp.Length: _length,
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Reverse), _made_alike),
    exp.Trim: _trim,
    **dict.fromkeys((exp.Left, exp.Right, exp.Substring), _slice),
    exp.StrPosition: _position,
    exp.Contains: _contains,
    exp.StartsWith: _begins,
    exp.EndsWith: _begins,
    exp.Replace: _replace,
    exp.Pad: _pad,
    exp.SplitPart: _split,
    exp.Repeat: _repeat,
    **dict.fromkeys((exp.DPipe, exp.Concat, exp.ConcatWs), _concat),
}
