"""A column of a chunk of rows on its way from typed values to stored ones: whole numbers, which cells are NULL, and the
words of its content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.catalogue.ingest.order import DIGEST, Words

Whole = npt.NDArray[np.int64]
FEW = 1 << 16
DTYPES = {
    "UTINYINT": np.uint8,
    "USMALLINT": np.uint16,
    "UINTEGER": np.uint32,
    "TINYINT": np.int8,
    "SMALLINT": np.int16,
    "INTEGER": np.int32,
    "BIGINT": np.int64,
}


@dataclass(frozen=True)
class Cells:
    """`numbers` are grains of decimals, days of dates, codes of texts, 0 where NULL; `valid` says which cells are not
    NULL (None: all)."""

    numbers: Whole
    valid: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, column: pa.Array) -> Cells:
        """Read a column of whole numbers, decimals of at most 18 digits, dates or truth values."""
        valid = None if column.null_count == 0 else column.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_decimal(column.type):
            numbers = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset :: 2][: len(column)]
        else:
            narrow = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
            narrow = narrow.cast(pa.int64())
            numbers = (narrow if valid is None else pc.fill_null(narrow, 0)).to_numpy()
        return cls(numbers if valid is None else np.where(valid, numbers, 0), valid)

    def taken(self, places: npt.NDArray[np.int64]) -> Cells:
        """Give the cells at these positions."""
        return Cells(self.numbers[places], None if self.valid is None else self.valid[places])

    def codes(self, values: Whole) -> Cells:
        """Give the places of the numbers in the ascending `values`, which hold all of them."""
        found = np.searchsorted(values, self.numbers)
        return Cells(found if self.valid is None else np.where(self.valid, found, 0), self.valid)

    def words(self, texts: Words | None) -> list[Words]:
        """Give the words of the content: of numbers themselves, of codes those of their `texts`."""
        if texts is None:
            return [self.numbers.view(np.uint64)]
        codes = self.numbers if self.valid is None else np.where(self.valid, self.numbers, len(texts) - 1)
        return [texts[:, number][codes] for number in range(texts.shape[1])]

    def keys(self) -> Whole:
        """Give a dense code for each value, one more for NULL."""
        numbers = self.numbers
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= FEW):
            numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        return numbers if self.valid is None else np.where(self.valid, numbers + 1, 0)

    def arrow(self, sql: str) -> pa.Array:
        """Give the column in the Arrow type of the SQL type."""
        return pa.array(self.numbers.astype(DTYPES[sql]), mask=None if self.valid is None else ~self.valid)


def digest_words(digests: pa.Array) -> list[Words]:
    """Give the words of texts from a column of their digests, all of one length."""
    start, end = digests.offset * DIGEST, (digests.offset + len(digests)) * DIGEST
    words = np.frombuffer(digests.buffers()[2], np.uint8)[start:end].view(np.uint64).reshape(-1, DIGEST // 8)
    return [words[:, number] for number in range(DIGEST // 8)]


def text_keys(texts: pa.Array) -> Whole:
    """Give a dense code for each text of a chunk, one more for NULL."""
    coded = pc.dictionary_encode(texts, null_encoding="encode")
    codes: Whole = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
