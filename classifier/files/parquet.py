"""Read and write Parquet, a few thousand rows at a time, with the column types the file states."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from classifier.errors import UnreadableFileError
from classifier.files.source import Numbered, Source

_BATCH: Final = 1_000
_GROUP: Final = 20_000
"""Rows of a row group as written: held in memory until it is full."""


def read_parquet(path: Path) -> Source:
    """Open a Parquet file.

    Raises:
        UnreadableFileError: it is damaged or none.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(path, f"不是 Parquet 文件，或已损坏：{type(error).__name__}") from error
    if len(set(schema.names)) < len(schema.names):
        raise UnreadableFileError(path, "有重名的列；请先改名")

    def rows() -> Iterator[Numbered]:
        number = itertools.count(1)
        try:
            with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
                for batch in file.iter_batches(_BATCH, use_threads=False):
                    table = [column.to_pylist() for column in batch.columns]
                    for cells in zip(*table, strict=True):
                        yield next(number), list(cells)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UnreadableFileError(path, f"Parquet 文件已损坏：{type(error).__name__}", row=next(number)) from error

    return Source(tuple(schema.names), rows, "Parquet", schema)


class ParquetSink:
    """Writes rows to a Parquet file; columns without a type in `schema` hold text, those of `numeric` numbers."""

    def __init__(
        self, path: Path, columns: Sequence[str], schema: pa.Schema | None = None, numeric: frozenset[str] = frozenset()
    ) -> None:
        known = list(schema) if schema is not None else []
        fields = [
            known[at].with_name(name) if at < len(known) else _field(name, numeric) for at, name in enumerate(columns)
        ]
        self._schema = pa.schema(fields)
        self._waiting: list[Sequence[Any]] = []
        self._texts = [at for at in range(len(known), len(columns)) if columns[at] not in numeric]
        self._numbers = [at for at in range(len(known), len(columns)) if columns[at] in numeric]
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows."""
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) == _GROUP:
                self._flush()

    def _flush(self) -> None:
        cells = [list(column) for column in zip(*self._waiting, strict=True)] or [[] for _ in self._schema]
        for at in self._texts:
            cells[at] = [None if cell is None else _encodable(str(cell)) for cell in cells[at]]
        for at in self._numbers:
            cells[at] = [None if cell == "" else cell for cell in cells[at]]
        arrays = [pa.array(column, field.type) for column, field in zip(cells, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting.clear()

    def close(self) -> None:
        """Finish the file."""
        if self._waiting:
            self._flush()
        self._writer.close()


def _field(name: str, numeric: frozenset[str]) -> pa.Field:
    return pa.field(name, pa.float64() if name in numeric else pa.string())


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
