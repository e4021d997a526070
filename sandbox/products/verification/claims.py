"""Claims that a product may be asked: equality, membership, bands with fixed cut points. An answer is one of a short
list that the reviewer saw; the record itself never leaves."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from sandbox.catalogue.declared import constant
from sandbox.errors import Problem
from sandbox.plan.scalar import Value

NOT_AVAILABLE = "not_available"
YES, NO = "true", "false"
How = Literal["equality", "membership", "band"]


@dataclass(frozen=True)
class Claim:
    """One approved claim about `column` (its declared `type` as text).

    equality: is it the value that is asked – one of `values`, where these are listed? membership: is it one of
    `values`? band: which of `bands` is it in, cut at `cuts`, a cut belonging to the band above it? `sensitive`: of a
    person it needs the separate consent."""

    name: str
    kind: How
    column: str
    type: str
    values: tuple[Value, ...] = ()
    cuts: tuple[Value, ...] = ()
    bands: tuple[str, ...] = ()
    sensitive: bool = False

    @property
    def answers(self) -> tuple[str, ...]:
        """Every answer that there is."""
        return (*(self.bands or (YES, NO)), NOT_AVAILABLE)

    @property
    def width(self) -> int:
        """Bytes of the longest answer, to which all are padded where they are kept."""
        return max(len(answer.encode()) for answer in self.answers)

    def value(self, raw: object) -> Value:
        """Read the value that is asked for, None where the claim takes none. Raises field_invalid."""
        if self.kind != "equality":
            if raw is not None:
                raise Problem("field_invalid", f"Field value: claim {self.name} takes none; leave it out.")
            return None
        if raw is None:
            raise Problem("field_invalid", f"Field value: claim {self.name} asks whether it is a value; write it.")
        try:
            asked = constant(self.type, raw)
        except ValueError as error:
            raise Problem("field_invalid", f"Field value: {error}.") from None
        if self.values and asked not in self.values:
            listed = ", ".join(map(str, self.values))
            raise Problem("field_invalid", f"Field value: claim {self.name} may be asked of {listed}.")
        return asked

    def answer(self, held: Value, asked: Value) -> str:
        """Give the answer for what the record holds; nothing held is not available, like an unknown subject."""
        if held is None:
            return NOT_AVAILABLE
        if self.kind == "band":
            return self.bands[bisect_right(self.cuts, held)]  # type: ignore[type-var]  # of one declared type
        return YES if (held == asked if self.kind == "equality" else held in self.values) else NO
