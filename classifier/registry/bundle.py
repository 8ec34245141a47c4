"""One stored model: a folder with a JSON manifest and plain arrays. It holds no code and loading runs none.

The manifest names every file with its SHA-256. Arrays open memory-mapped, so that processes share one copy.
A bundle is written beside its place and renamed, so that it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.errors import BundleCorruptError, BundleIncompatibleError

FORMAT: Final = 3
"""What is written: weights may be packed, four bits each (2); titles may speak by themselves (3)."""

_READABLE: Final = (1, 2, FORMAT)
MANIFEST: Final = "manifest.json"
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A stored model: facts in `manifest`, numbers in `arrays`, word lists in `texts`."""

    manifest: dict[str, Any]
    arrays: dict[str, Array]
    texts: dict[str, tuple[str, ...]]


def write_bundle(
    folder: Path,
    manifest: Mapping[str, Any],
    arrays: Mapping[str, Array],
    texts: Mapping[str, tuple[str, ...]],
    shared: Sequence[Path] = (),
    documents: Mapping[str, str] | None = None,
) -> None:
    """Write a bundle to `folder`, which must not exist; it appears whole or not at all.

    Files of another bundle that are `shared` become files of this one as well, on the same disk without a copy.
    `documents` are for people, by file name, and no part of the model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            with (draft / f"{name}.npy").open("wb") as file:
                np.save(file, np.ascontiguousarray(array), allow_pickle=False)
                _settle(file.fileno())
        for name, lines in texts.items():
            with (draft / f"{name}.txt").open("w", encoding="utf-8", newline="\n") as text:
                text.write("\n".join(lines))
                text.flush()
                _settle(text.fileno())
        for path in shared:
            _share(path, draft / path.name)
        files = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
        for name, content in (documents or {}).items():
            with (draft / name).open("w", encoding="utf-8") as text:
                text.write(content)
                _settle(text.fileno())
        with (draft / MANIFEST).open("w", encoding="utf-8") as text:
            json.dump({"format": FORMAT, **manifest, "files": files}, text, ensure_ascii=False, indent=1)
            text.flush()
            _settle(text.fileno())
        draft.chmod(0o755)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _share(path: Path, place: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such thing."""
    try:
        place.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, place)
        with place.open("rb") as file:
            _settle(file.fileno())


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a bundle's manifest alone.

    Raises:
        BundleCorruptError: it is missing or no JSON.
        BundleIncompatibleError: it has another format.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleCorruptError(folder, f"{MANIFEST} 缺失或损坏") from error
    if not isinstance(manifest, dict) or manifest.get("format") not in _READABLE:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise BundleIncompatibleError(folder, found, FORMAT)
    return manifest


def read_bundle(folder: Path) -> Bundle:
    """Open a bundle after checking every file against the manifest.

    Raises:
        BundleCorruptError: a file is missing or differs.
        BundleIncompatibleError: it has another format.
    """
    manifest = read_manifest(folder)
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        raise BundleCorruptError(folder, f"{MANIFEST} 没有列出文件")
    arrays: dict[str, Array] = {}
    texts: dict[str, tuple[str, ...]] = {}
    for name, expected in files.items():
        path = folder / Path(str(name)).name
        if not path.is_file():
            raise BundleCorruptError(folder, f"缺少 {path.name}")
        if _sha256(path) != expected:
            raise BundleCorruptError(folder, f"{path.name} 与写入时不同")
        if path.suffix == ".npy":
            arrays[path.stem] = _open_array(path)
        else:
            texts[path.stem] = _read_lines(path)
    return Bundle(manifest, arrays, texts)


def _open_array(path: Path) -> Array:
    """Map an array of plain numbers; one of Python objects is refused, never unpickled."""
    try:
        array: Array = np.lib.format.open_memmap(path, mode="r")
    except ValueError as error:
        raise BundleCorruptError(path.parent, f"{path.name} 不是数值数组") from error
    return array


def _read_lines(path: Path) -> tuple[str, ...]:
    try:
        content = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleCorruptError(path.parent, f"{path.name} 不是 UTF-8 文本") from error
    return tuple(content.split("\n")) if content else ()


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _settle(handle: int) -> None:
    os.fsync(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
