"""An inclusion proof as text (c2sp.org/tlog-proof): index, path, and the checkpoint that it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.transparency.merkle import HASH_BYTES
from sandbox.transparency.notes import NoteInvalid, decimal, decode, encode

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63


@dataclass(frozen=True)
class LogProof:
    """Where a leaf stands, its path to the root, and the signed checkpoint (a note) that vouches for that root."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The proof as it is stored and sent."""
        lines = [FIRST_LINE, f"index {self.index}", *map(encode, self.path), "", self.checkpoint]
        return "\n".join(lines)


def parse_proof(text: str) -> LogProof:
    """Read a proof; raises `NoteInvalid`. An `extra` line is allowed and ignored, for nothing authenticates it."""
    header, empty_line, checkpoint = text.partition("\n\n")
    lines = header.split("\n")
    if not empty_line or lines.pop(0) != FIRST_LINE:
        raise NoteInvalid(f"a proof begins with {FIRST_LINE} and ends with a checkpoint behind an empty line")
    if lines and lines[0].startswith("extra "):
        decode(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NoteInvalid("a proof names the index of its leaf")
    path = tuple(decode(line) for line in lines[1:])
    if len(path) > LONGEST_PATH or any(len(step) != HASH_BYTES for step in path):
        raise NoteInvalid("the path of a proof is a few SHA-256 hashes")
    return LogProof(decimal(lines[0].removeprefix("index ")), path, checkpoint)
