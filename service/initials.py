"""The initials of pinyin (`物业服务` → `wyfw`), by which clerks find a category without changing keyboards."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=10_000)
def initials(words: str) -> str:
    """Return the first letter of each character's pinyin, in lower case; other characters as they are.

    >>> initials("物业服务问题")
    'wyfwwt'
    """
    from pypinyin import Style, lazy_pinyin  # loaded by the first who asks: its dictionary is large

    return "".join(lazy_pinyin(words, style=Style.FIRST_LETTER)).lower()
