"""The compiled kernel where it was built; None where there was no compiler, and Python does the same more slowly."""

from __future__ import annotations

from typing import Any

kernel: Any
try:
    from classifier import kernel
except ImportError:
    kernel = None
