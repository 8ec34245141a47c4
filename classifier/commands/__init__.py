"""The commands: each parses its options, makes one library call, and prints."""

from __future__ import annotations

from typing import Final

from classifier.commands import answering, auditing, keeping, learning, proving, reporting

COMMANDS: Final = (
    *answering.COMMANDS,
    *auditing.COMMANDS,
    *learning.COMMANDS,
    *keeping.COMMANDS,
    *proving.COMMANDS,
    *reporting.COMMANDS,
)
