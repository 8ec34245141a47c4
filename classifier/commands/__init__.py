"""The commands: each parses its options, makes one library call, and prints.

A module is loaded only when one of its commands is asked for: those that train need a second for their libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from classifier.terminal import Command

MODULES: Final = {
    "answering": ("suggest", "batch", "summary"),
    "auditing": ("audit",),
    "learning": ("train", "adapt", "evaluate"),
    "keeping": ("models", "catalogue", "ledger"),
    "proving": ("models",),
    "reporting": ("report",),
}
"""The first words of each module's commands."""


def commands(first: str) -> list[Command]:
    """Return the commands of the modules that have one beginning with this word; all where none has."""
    found = [module for module, words in MODULES.items() if first in words] or MODULES
    return [command for module in found for command in import_module(f"{__name__}.{module}").COMMANDS]
