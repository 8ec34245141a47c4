"""Cut a normalised text into words, behind one interface.

jieba's dictionary and result are the reference; rjieba gives the same words (without HMM) at 18 times the speed.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import rjieba


class Segmenter(Protocol):
    """Cuts a text into words that, joined, are the text again."""

    name: str

    def cut(self, text: str) -> list[str]:
        """Return the words of `text` in order; nothing is dropped."""
        ...


class RjiebaSegmenter:
    """jieba's dictionary and longest-probability cut in compiled code, without new-word guessing (HMM)."""

    name = "rjieba"

    def cut(self, text: str) -> list[str]:
        """Return the words of `text` in order.

        >>> RjiebaSegmenter().cut("小区物业乱收费")
        ['小区', '物业', '乱收费']
        """
        words: list[str] = rjieba.cut(text, False)
        return words


@cache
def default_segmenter() -> Segmenter:
    """Return the segmenter that training and serving share; its dictionary loads once."""
    return RjiebaSegmenter()
