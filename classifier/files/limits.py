"""What an Excel sheet can hold."""

from __future__ import annotations

from typing import Final

LONGEST_CELL: Final = 32_767
"""UTF-16 units that Excel keeps in a cell."""
MOST_COLUMNS: Final = 16_384
MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, the headings' among them."""


def too_long(text: str) -> bool:
    """Tell whether Excel cannot keep `text` in a cell."""
    if 2 * len(text) <= LONGEST_CELL:
        return False
    return len(text) + sum(char > "\uffff" for char in text) > LONGEST_CELL
