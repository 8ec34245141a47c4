"""The versions of each ledger's model: which there are, which is in use, and how that changes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import ModelNotFoundError, NothingToRollBackError
from classifier.registry.bundle import read_manifest, sync_folder
from classifier.registry.history import Switch, before, events, now, record

_CURRENT = "current"
_SHADOW = "shadow"
_BUILD_LOCK = ".lock"
_SWITCH_LOCK = ".switch"
_VERSION = re.compile(r"v([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Version:
    """A version that stands complete on disk."""

    ledger: str
    name: str
    folder: Path
    in_use: bool

    @property
    def manifest(self) -> dict[str, Any]:
        """The bundle's manifest."""
        return read_manifest(self.folder)

    def files(self, without: str) -> tuple[Path, ...]:
        """Return the bundle's files but those whose names begin with `without`."""
        names = [Path(str(name)).name for name in self.manifest.get("files", {})]
        return tuple(self.folder / name for name in names if not name.startswith(without))


class Registry:
    """Folders of models, read in order; the first is written.

    `<root>/<ledger>/<version>/` is a bundle, `<root>/<ledger>/current` names the version in use. The first
    folder that has a `current` for a ledger decides.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self.roots = roots

    def versions(self, ledger: str) -> list[Version]:
        """List a ledger's versions, oldest first."""
        in_use = self._current_name(ledger)
        found: dict[str, Version] = {}
        for root in self.roots:
            for folder in (root / ledger).glob("v*"):
                if _VERSION.fullmatch(folder.name) and folder.is_dir():
                    found.setdefault(folder.name, Version(ledger, folder.name, folder, folder.name == in_use))
        return sorted(found.values(), key=lambda version: _number(version.name))

    def find(self, ledger: str, name: str | None = None) -> Version:
        """Return the named version, or the one in use.

        Raises:
            ModelNotFoundError: there is none.
        """
        for version in self.versions(ledger):
            if version.name == name or (name is None and version.in_use):
                return version
        raise ModelNotFoundError(ledger, name)

    def next_folder(self, ledger: str) -> Path:
        """Return where the next version is to be written."""
        taken = [_number(version.name) for version in self.versions(ledger)]
        return self.roots[0] / ledger / f"v{max(taken, default=0) + 1}"

    def promote(self, ledger: str, name: str, *, forced: bool = False, reason: str = "") -> Version:
        """Put a version in use; the switch is one rename, and who was in use before is recorded.

        Raises:
            ModelNotFoundError: there is no such version.
        """
        version = self.find(ledger, name)
        with self._held(ledger, _SWITCH_LOCK):
            earlier = self._current_name(ledger) or ""
            if earlier != name:
                self._switch(ledger, Switch(now(), "promoted", name, earlier, forced, reason))
        return dataclasses.replace(version, in_use=True)

    def rollback(self, ledger: str, reason: str = "") -> Version | None:
        """Put back in use what was before the version in use; None where that was none of the ledger's own.

        Raises:
            NothingToRollBackError: no version is in use, or what was before it is not known or is gone.
        """
        with self._held(ledger, _SWITCH_LOCK):
            current = self._current_name(ledger) or ""
            earlier = before(self.roots[0] / ledger, current) if current else None
            if earlier is None or (earlier and earlier not in {one.name for one in self.versions(ledger)}):
                raise NothingToRollBackError(ledger, current)
            self._switch(ledger, Switch(now(), "rolled_back", earlier, current, reason=reason))
        return self.find(ledger, earlier) if earlier else None

    def before(self, ledger: str, name: str) -> str | None:
        """Return what was in use before `name` was promoted: empty for none of the ledger's own, None if unknown."""
        return before(self.roots[0] / ledger, name)

    def history(self, ledger: str) -> list[Switch]:
        """Return every switch of the ledger's version in use, oldest first."""
        return [event for event in events(self.roots[0] / ledger) if event.kind != "shadowed"]

    def shadow(self, ledger: str, name: str | None) -> Version | None:
        """Put a version in shadow beside the one in use, or end that with None.

        Raises:
            ModelNotFoundError: there is no such version.
        """
        folder = self.roots[0] / ledger
        version = self.find(ledger, name) if name is not None else None
        earlier = self.shadows().get(ledger)
        if earlier == name:
            return version
        folder.mkdir(parents=True, exist_ok=True)
        record(folder, Switch(now(), "shadowed", name or "", earlier or ""))
        if name is None:
            (folder / _SHADOW).unlink(missing_ok=True)
        else:
            self._point(folder, name, _SHADOW)
        sync_folder(folder)
        return version

    def shadows(self) -> dict[str, str]:
        """Return the version in shadow of each ledger that has one."""
        files = sorted(self.roots[0].glob(f"*/{_SHADOW}"))
        return {path.parent.name: path.read_text(encoding="utf-8").strip() for path in files}

    def shadow_since(self, ledger: str) -> dt.datetime | None:
        """Return since when a ledger has had its version in shadow, None where it has none."""
        path = self.roots[0] / ledger / _SHADOW
        return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) if path.is_file() else None

    def _switch(self, ledger: str, switch: Switch) -> None:
        folder = self.roots[0] / ledger
        record(folder, switch)
        if switch.version:
            self._point(folder, switch.version)
        else:
            (folder / _CURRENT).unlink(missing_ok=True)
        sync_folder(folder)

    @staticmethod
    def _point(folder: Path, name: str, pointer: str = _CURRENT) -> None:
        handle, draft = tempfile.mkstemp(prefix=".current-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).rename(folder / pointer)

    @contextmanager
    def building(self, ledger: str) -> Iterator[None]:
        """Hold the ledger's lock, so that two processes do not build the same version twice."""
        with self._held(ledger, _BUILD_LOCK):
            yield

    @contextmanager
    def _held(self, ledger: str, name: str) -> Iterator[None]:
        folder = self.roots[0] / ledger
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def current_file(self, ledger: str) -> Path | None:
        """Return the file that names the version in use, or None where none is."""
        files = (root / ledger / _CURRENT for root in self.roots)
        return next((path for path in files if path.is_file()), None)

    def _current_name(self, ledger: str) -> str | None:
        path = self.current_file(ledger)
        return path.read_text(encoding="utf-8").strip() if path else None


def _number(name: str) -> int:
    match = _VERSION.fullmatch(name)
    return int(match.group(1)) if match else 0
