"""Where ledgers and models are kept; the only place of this package that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BESIDE = Path(__file__).resolve().parent.parent
DEFAULT_LEDGER = "hotline"


def _default(name: str) -> Path:
    """Prefer the folder where the command runs, else the one beside the packages."""
    return Path(name) if Path(name).is_dir() else _BESIDE / name


@dataclass(frozen=True, slots=True)
class Places:
    """`ledgers` holds one folder a ledger; `models` are read in order and the first is written."""

    ledgers: Path
    models: tuple[Path, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Places:
        """Read `FENBAN_LEDGERS` and `FENBAN_MODELS` (folders separated by `:`)."""
        ledgers = environment.get("FENBAN_LEDGERS", "")
        models = [Path(one) for one in environment.get("FENBAN_MODELS", "").split(":") if one]
        return cls(Path(ledgers) if ledgers else _default("training_data"), tuple(models) or (_default("models"),))
