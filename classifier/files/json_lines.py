"""Read and write JSONL: one JSON object a line, values of any kind kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from classifier.errors import UnreadableFileError
from classifier.files.encoding import Encoding, decide_encoding
from classifier.files.source import Numbered, Source


def read_jsonl(path: Path) -> Source:
    """Open a JSONL file; its columns are the keys of all records.

    Raises:
        UnreadableFileError: a line is not a JSON object, or there is none.
        WrongEncodingError: no encoding decodes it without loss.
    """
    encoding = decide_encoding(path)
    columns: dict[str, None] = {}
    for _, record in _records(path, encoding):
        columns.update(dict.fromkeys(record))
    names = tuple(columns)
    if not names:
        raise UnreadableFileError(path, "文件是空的，没有任何记录")

    def rows() -> Iterator[Numbered]:
        for number, record in _records(path, encoding):
            yield number, [record.get(name, "") for name in names]

    return Source(names, rows, f"JSONL，编码 {encoding.name}")


def _records(path: Path, encoding: Encoding) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding.codec, errors=encoding.errors) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UnreadableFileError(path, "不是有效的 JSON；每行应是一个对象", row=number) from error
            if not isinstance(record, dict):
                raise UnreadableFileError(path, "每行应是一个 JSON 对象", row=number)
            yield number, record


class JsonLines:
    """A JSONL file as what each row adds; it begins with nothing."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def opening(self) -> bytes:
        """Return nothing: each record names its columns."""
        return b""

    def encode(self, rows: Iterable[Sequence[Any]]) -> list[bytes]:
        r"""Return what each of `rows` adds; half a surrogate pair, which JSON may carry, stays as it was: `\ud800`."""
        return [self._encoded(dict(zip(self._columns, row, strict=True))) for row in rows]

    def filled(self, line: bytes, at: int, cell: str) -> bytes:
        """Return a row that `encode` made, with another cell at one place."""
        return self._encoded(json.loads(line) | {self._columns[at]: cell})

    @staticmethod
    def _encoded(record: dict[str, Any]) -> bytes:
        return (json.dumps(record, ensure_ascii=False, default=str) + "\n").encode("utf-8", "backslashreplace")
