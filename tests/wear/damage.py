"""Damage texts as copying, converting and scanning do, remembering where each character went.

Taken from what web copies of government papers look like: traditional characters, pronunciation glued in behind
characters in several typings, full-width digits, lost spaces shown as question marks, lost characters. Everything
is drawn from a seeded generator, so that a text is damaged in the same way each time.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import opencc
from pypinyin import Style, lazy_pinyin

_TRADITIONAL = opencc.OpenCC("s2t")
_SIMPLIFIED = opencc.OpenCC("t2s")
_FULL_WIDTH_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class Wear:
    """How much of each damage there is; shares are of characters, `lost_spaces` of clauses."""

    traditional: bool = True
    notes: float = 0.2
    digits: bool = True
    lost_spaces: float = 0.2
    lost_characters: float = 0.001
    only_changed: bool = False
    """Give pronunciation only to characters whose traditional form differs, as converters do."""


@dataclass(frozen=True)
class Damaged:
    """A damaged text; `places[i]` is where the clean text's character `i` stands in it, notes left out."""

    text: str
    places: tuple[tuple[int, int], ...]
    lost: frozenset[int]
    """Characters of the clean text that were replaced by a question mark."""


def damage(clean: str, seed: int, wear: Wear = Wear()) -> Damaged:
    """Damage a text; equal arguments give equal results."""
    dice = random.Random(seed)  # noqa: S311 - no secrets here
    converted = _converted(clean) if wear.traditional else clean
    sounds = lazy_pinyin(list(clean), style=Style.TONE, errors=lambda chars: [""] * len(chars))
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    lost = set()
    at = 0
    for number, char in enumerate(converted):
        shown = char
        if dice.random() < wear.lost_characters and char.isalnum():
            shown = "?"
            lost.add(number)
        elif wear.digits and char.isascii() and char.isdigit():
            shown = char.translate(_FULL_WIDTH_DIGITS)
        tail = ""
        noted = dice.random() < wear.notes and (char != clean[number] or not wear.only_changed)
        if shown == char and noted and sounds[number]:
            tail = dice.choice(_TYPINGS)(sounds[number])
        elif char in "，。；！,;" and dice.random() < wear.lost_spaces:
            tail = "?" * dice.choice((2, 4, 8))
        pieces += (shown, tail)
        places.append((at, at + len(shown)))
        at += len(shown) + len(tail)
    return Damaged("".join(pieces), tuple(places), frozenset(lost))


def _converted(clean: str) -> str:
    """Turn characters traditional one by one where they come back; lengths stay equal."""
    whole = _TRADITIONAL.convert(clean)
    if len(whole) != len(clean):
        whole = "".join(_TRADITIONAL.convert(char) for char in clean)
    return "".join(
        new if len(new) == 1 and _SIMPLIFIED.convert(new) == old else old for new, old in zip(whole, clean, strict=True)
    )


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


_TYPINGS: Sequence[Callable[[str], str]] = (
    lambda sound: f"({sound})",
    lambda sound: f"({sound})",
    lambda sound: f"({sound})",
    lambda sound: f"({sound} )",
    lambda sound: f"（{sound}）",
    lambda sound: f" ({sound})",
    lambda sound: f"({unicodedata.normalize('NFD', sound)})",
    lambda sound: f"({sound.upper()})",
    lambda sound: f"({sound.replace('g', 'ɡ').replace('a', 'ɑ')})",
    lambda sound: _full_width(f"({sound})"),
)
