"""Text to a checked tree: one SELECT statement of the allowed grammar, or a refusal with a sentence of our own.

There is one grammar, that of DuckDB, which has the spellings of PostgreSQL and of the standard too. Where a text can
mean two things – whole numbers divided by each other, the place of NULL in an order –, the dialect that the asker names
says which. The tree never goes back to text for an engine: the rules build plan nodes from it.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects import DuckDB
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from sandbox.errors import Problem
from sandbox.sql.correlated import joined
from sandbox.sql.grammar import check, few, too_deep
from sandbox.sql.ranks import spread
from sandbox.sql.spelling import spelled_out
from sandbox.sql.standard import plainly
from sandbox.sql.wording import worded

MAX_BYTES = 100_000
MAX_BRACKETS = 100  # open at once; the parser recurses at each
MAX_JOINS = 8  # that wait for their condition; for each the parser reads all that follow once more


class _Standard(DuckDB):  # type: ignore[misc]
    """As PostgreSQL reads a text, and as most others do that follow the standard: a whole number divided by another is
    a whole number, and NULL stands where a value larger than all others would."""

    TYPED_DIVISION = True
    NULL_ORDERING = "nulls_are_large"


DIALECTS: dict[str, type[DuckDB]] = {"duckdb": DuckDB, "postgresql": _Standard, "ansi": _Standard}


def parse(text: str, dialect: str = "duckdb") -> exp.Query:
    """Give the tree of the one SELECT, or of several put together, in `text`, which is in a `dialect` of `DIALECTS`.
    Raises `Problem`: sql_syntax with line and column when it cannot be read, sql_not_allowed when it can be read and
    may not be asked."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Problem("sql_syntax", "The text holds half a character; write it in Unicode.") from None
    if size > MAX_BYTES:
        raise Problem("sql_not_allowed", "The text is longer than 100 kB; ask a smaller question.")
    tokens = _one_select(_tokens(text))
    _shallow(tokens)
    trees = _read(tokens, text, DIALECTS[dialect])
    tree = trees[0] if trees else None
    if isinstance(tree, exp.Select) and not tree.expressions and not tree.args.get("from_"):
        raise Problem("sql_syntax", "The text ends too early: write SELECT, what to count, FROM and a table.")
    if len(trees) != 1 or tree is None:
        raise Problem("sql_not_allowed", "Write one statement.")
    tree = spread(worded(plainly(spelled_out(few(tree)))))
    check(tree)
    tree = joined(tree)
    while isinstance(tree, exp.Subquery) and not (tree.args.get("alias") or tree.args.get("joins")):
        tree = tree.this
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise Problem("sql_not_allowed", "Only SELECT can be asked.")
    return tree


def _tokens(text: str) -> list[Token]:
    try:
        return list(DuckDB().tokenize(text))
    except SqlglotError:
        raise Problem("sql_syntax", "The text ends inside a quoted text, name or comment; close it.") from None


def _one_select(tokens: list[Token]) -> list[Token]:
    """Give the tokens without closing semicolons. Refuses before parsing what the parser would take for a command
    (and write into its log)."""
    words = [token for token in tokens if token.token_type is not TokenType.SEMICOLON]
    if not words:
        raise Problem("sql_syntax", "The text is empty; write a SELECT.")
    last = tokens.index(words[-1])
    if any(token.token_type is TokenType.SEMICOLON for token in tokens[:last]):
        raise Problem("sql_not_allowed", "Write one statement; ask several questions as several jobs.")
    first = words[0]
    if first.token_type in (TokenType.SELECT, TokenType.FROM, TokenType.WITH, TokenType.L_PAREN):
        return tokens[: last + 1]
    if first.token_type is TokenType.VAR and first.text.upper() not in _STATEMENTS:
        raise _syntax(first.line, first.col - len(first.text) + 1, first.text)
    raise Problem("sql_not_allowed", f"{first.text.upper()[:40]} is not allowed; only SELECT can be asked.")


_STATEMENTS = frozenset(
    (
        "CHECKPOINT",
        "CHECK",
        "DEALLOCATE",
        "EXECUTE",
        "EXPORT",
        "IMPORT",
        "INSTALL",
        "PREPARE",
        "REINDEX",
        "RESET",
        "VACUUM",
    )
)  # words that the tokenizer takes for names


def _shallow(tokens: list[Token]) -> None:
    opening = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE)
    closing = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END)
    joins = [0]  # without a condition, in each bracket
    before = None
    for token in tokens:
        kind = token.token_type
        if kind in opening:
            joins.append(0)
        elif kind in closing:
            joins = joins[:-1] or [0]
        elif kind in (TokenType.JOIN, TokenType.STRAIGHT_JOIN):
            joins[-1] += before not in (TokenType.CROSS, TokenType.NATURAL)
        elif kind in (TokenType.ON, TokenType.USING):
            joins[-1] = max(0, joins[-1] - 1)
        if len(joins) > MAX_BRACKETS + 1:
            raise too_deep()
        if joins[-1] > MAX_JOINS:
            raise Problem("sql_not_allowed", "Many tables are joined without a condition; write ON after each JOIN.")
        before = kind


def _read(tokens: list[Token], text: str, dialect: type[DuckDB]) -> list[exp.Expr | None]:
    try:
        return list(dialect().parser().parse(tokens, text))
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        raise _syntax(first.get("line"), first.get("col"), str(first.get("highlight") or "")) from None
    except RecursionError:
        raise too_deep() from None
    except Exception:  # noqa: BLE001 – a foreign parser on hostile text: whatever it trips over is a syntax problem
        raise _syntax(None, None, "") from None


def _syntax(line: int | None, column: int | None, near: str) -> Problem:
    where = f" at line {line}, column {column}" if line and column else ""
    what = f", near {near[:40]!r}" if near else ""
    return Problem("sql_syntax", f"The text cannot be read as SQL{where}{what}; check spelling and commas there.")
