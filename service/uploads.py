"""The files of jobs: uploads stored beside their results, one folder a job, removed when their time is over."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO, Final

from classifier.batch.columns import output_columns
from classifier.errors import UnsupportedFormatError
from classifier.files.columns import recognise
from classifier.files.reading import open_source
from classifier.files.source import ReadAs
from classifier.files.writing import check_output
from classifier.registry.bundle import sync_folder

_PIECE: Final = 1024 * 1024
_WRITTEN_AS: Final = {".xls": ".xlsx", ".json": ".jsonl", ".txt": ".csv", ".tsv": ".csv"}
"""What is written for what can be read but not written."""


class JobFiles:
    """Where jobs' files are: `<data>/jobs/<id>/`; several machines share the folder when they share the jobs."""

    def __init__(self, data: Path) -> None:
        self._root = data / "jobs"

    def folder(self, job: str) -> Path:
        """Return a job's folder, made for the service's user alone."""
        folder = self._root / job
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def inputs(self, job: str) -> list[Path]:
        """Return the files uploaded for a job, in the order of their names."""
        return sorted((self._root / job).glob("input-*"))

    def result(self, job: str, suffix: str) -> Path:
        """Return where a job's result is or will be."""
        return self._root / job / f"result{suffix}"

    def save(self, job: str, at: int, name: str, content: BinaryIO) -> tuple[Path, str]:
        """Store an upload and return where it is and the SHA-256 of what it holds; it is on disk when this returns.

        Of the name only the ending is used.
        """
        suffix = Path(name).suffix.lower()
        if not suffix.isascii() or not suffix[1:].isalnum() or len(suffix) > 8:
            raise UnsupportedFormatError(f"上传的文件{suffix if suffix.isalnum() else ''}", (".csv", ".xlsx", ".jsonl"))
        path = self.folder(job) / f"input-{at}{suffix}"
        digest = hashlib.sha256()
        with path.open("wb") as file:
            while piece := content.read(_PIECE):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
        return path, digest.hexdigest()

    def remove(self, job: str) -> None:
        """Remove a job's folder."""
        shutil.rmtree(self._root / job, ignore_errors=True)

    def older_than(self, seconds: float) -> list[str]:
        """Return the jobs whose folders nothing was added to for so long."""
        limit = time.time() - seconds
        folders = self._root.iterdir() if self._root.is_dir() else ()
        return sorted(folder.name for folder in folders if folder.stat().st_mtime < limit)


def result_suffix(given: str, source: Path) -> str:
    """Return the ending of the result: the one asked for, else that of the upload.

    Raises:
        UnsupportedFormatError: it cannot be written.
    """
    suffix = f".{given}" if given else _WRITTEN_AS.get(source.suffix, source.suffix)
    check_output(source.with_suffix(suffix))
    return suffix


def check_backlog(path: Path, told: ReadAs, title_column: str | None, headers: str) -> list[str]:
    """Look whether a backlog can be read, before anybody waits for it, and return the result's columns.

    Raises:
        TableError, UnsupportedFormatError: it cannot, or has no column of texts.
    """
    source = open_source(path, told)
    recognise(source.columns, path, told.text_column, title_column)
    return output_columns(source.columns, headers)
