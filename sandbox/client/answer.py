"""What a question gives: rows with their errors, and the receipt that proves when they were released."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Receipt:
    """A C2SP tlog-proof: the leaf of this answer, what opens its commitments, its path to a signed checkpoint."""

    text: str

    def verify(self, trusted_log_key: str) -> Any:
        """Check the receipt offline against the log's public key (the text of `log.pub`) and give what it proves.

        Raises `Problem` when signature, path or openings do not fit together.
        """
        from sandbox.transparency.receipt import verify_receipt  # needs cryptography: only when asked for

        return verify_receipt(self.text, trusted_log_key)


@dataclass(frozen=True)
class Interval:
    """A released value with its 95 % interval, in the column's unit."""

    value: float
    lower: float
    upper: float


class Answer:
    """A private answer. `rows` are lists in the order of `columns`; `job` is its id.

    `errors` gives the half-width of the 95 % interval of each measured column, where it differs by row that of the
    middle one, `row_errors()` that of each row, `intervals()` value and bounds by row, cut where the true value cannot
    lie (a count below 0, an average outside the declared bounds).
    """

    def __init__(self, result: dict[str, Any], receipt: str) -> None:
        self.result = result
        self.job: str = result["job"]
        self.columns: list[str] = [column["name"] for column in result["columns"]]
        self.rows: list[list[Any]] = result["rows"]
        self.privacy: dict[str, Any] = result["privacy"]
        self.fee: str = result["fee"]
        self.notes: list[str] = result.get("notes", [])
        self.receipt = Receipt(receipt)

    def __iter__(self) -> Iterator[list[Any]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<Answer {self.job}: {len(self.rows)} rows, ε {self.privacy.get('epsilon')}, {self.fee} yuan>"

    @cached_property
    def errors(self) -> dict[str, float]:
        """Half-width of the 95 % interval by measured column: the middle one of its rows'. `row_errors` has each."""
        return {
            column["name"]: float(column["error_95"])
            for column in self.result["columns"]
            if column.get("error_95") is not None
        }

    def row_errors(self, column: str) -> list[float | None]:
        """Give the half-width of the 95 % interval of `column` in each row; None where none is known."""
        place, by_row = self.columns.index(column), self.result.get("errors") or []
        if not by_row:
            return [self.errors.get(column)] * len(self.rows)
        return [None if row[place] is None else float(row[place]) for row in by_row]

    def intervals(self, column: str) -> list[Interval | None]:
        """Give value, lower and upper 95 % bound of `column` for each row; None where the value is empty."""
        place = self.columns.index(column)
        said = self.result["columns"][place]
        least, most = float(said.get("least", "-inf")), float(said.get("most", "inf"))

        def inside(number: float) -> float:
            return min(max(number, least), most)

        values = (None if row[place] is None else float(row[place]) for row in self.rows)
        return [
            None
            if value is None or error is None
            else Interval(value, inside(inside(value) - error), inside(inside(value) + error))  # never empty
            for value, error in zip(values, self.row_errors(column), strict=True)
        ]

    def to_pandas(self, *, errors: bool = False) -> pd.DataFrame:
        """Give the rows as a DataFrame; `DataFrame.attrs["errors"]` carries the half-widths of the middle row. With
        `errors` each measured column is followed by one more, `<name>_error_95`, the half-width in each row."""
        import pandas as pd  # heavy: only when asked for

        frame = pd.DataFrame(self.rows, columns=self.columns)
        for name in reversed(self.columns if errors else []):
            if name in self.errors:
                frame.insert(self.columns.index(name) + 1, f"{name}_error_95", self.row_errors(name))
        frame.attrs["errors"] = self.errors
        return frame
