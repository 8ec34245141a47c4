"""Read and write Parquet, a few thousand rows at a time, with the column types the file states."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from classifier.errors import UnreadableFileError
from classifier.files.source import Cells, Numbered, Source

_BATCH: Final = 1_000
GROUP: Final = 20_000
"""Rows of a row group as written: held in memory until it is full."""


def parquet_files(path: Path) -> list[Path]:
    """Return the files that make up a table: one, or those of a folder in the order of their names.

    Raises:
        UnreadableFileError: the folder holds no Parquet file.
    """
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.glob("*.parquet") if one.is_file() and not one.name.startswith((".", "_")))
    if not files:
        raise UnreadableFileError(path, "文件夹里没有 Parquet 文件（*.parquet）")
    return files


def read_parquet(path: Path) -> Source:
    """Open a Parquet file, or a folder of them that hold parts of one table.

    Raises:
        UnreadableFileError: it is damaged or none, or the parts have different columns.
    """
    files = parquet_files(path)
    schema = _opened(files[0]).schema_arrow
    if len(set(schema.names)) < len(schema.names):
        raise UnreadableFileError(path, "有重名的列；请先改名")
    for file in files[1:]:
        if not _opened(file).schema_arrow.equals(schema):
            raise UnreadableFileError(file, f"与 {files[0].name} 的列或列的类型不同；一个文件夹里应是同一张表")

    def rows() -> Iterator[Numbered]:
        cells = itertools.chain.from_iterable(_rows(file) for file in files)
        return enumerate(cells, 1)

    return Source(tuple(schema.names), rows, "Parquet", schema)


class Slice(NamedTuple):
    """Neighbouring rows of one row group of a file; `begin` counts from the group's first."""

    file: Path
    group: int
    begin: int
    rows: int


def slices(path: Path, most: int) -> Iterator[Slice]:
    """Divide a table, in order, into slices of at most `most` rows, by what the files say of themselves.

    Raises:
        UnreadableFileError: a file is damaged or none.
    """
    for file in parquet_files(path):
        footer = _opened(file).metadata
        for group in range(footer.num_row_groups):
            count = footer.row_group(group).num_rows
            yield from (Slice(file, group, begin, min(most, count - begin)) for begin in range(0, count, most))


def read_slice(one: Slice) -> Iterator[Cells]:
    """Yield the rows of a slice.

    Raises:
        UnreadableFileError: the file is damaged.
    """
    return itertools.islice(_rows(one.file, one.group, one.begin), one.rows)


def _rows(path: Path, group: int | None = None, begin: int = 0) -> Iterator[Cells]:
    """Yield the rows of a file, or of one of its row groups from one on."""
    done = 0
    try:
        with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            groups = None if group is None else [group]
            for batch in file.iter_batches(_BATCH, row_groups=groups, use_threads=False):
                columns = batch.slice(max(0, begin - done)).columns
                done = max(done, min(begin, done + batch.num_rows))
                for cells in zip(*(column.to_pylist() for column in columns), strict=True):
                    yield list(cells)
                    done += 1
    except FileNotFoundError as error:
        raise UnreadableFileError(path, "文件不存在，或这台机器看不到它；请放在各台机器都能读写的路径上") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(path, f"Parquet 文件已损坏：{type(error).__name__}", row=done + 1) from error


def _opened(path: Path) -> pq.ParquetFile:
    """Return a file that is closed, but has told its schema and what it holds."""
    try:
        with pq.ParquetFile(path) as file:
            _ = file.schema_arrow, file.metadata
            return file
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(path, f"不是 Parquet 文件，或已损坏：{type(error).__name__}") from error


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
            if len(self._waiting) == GROUP:
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
