"""Repair what copying, scanning and converting did to a text, keeping every character's place.

Ledgers are fed by OCR, PDF and web copies. Undone here: traditional and full-width forms, compatibility and
radical code points, HTML entities and tags, zero-width characters, pronunciation notes glued into the text
(`開(kāi)展`), runs of `?` left by lost characters, characters spaced out by scanners, and white space.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
import opencc

from classifier.compiled import kernel
from classifier.text.aligned import AlignedText
from classifier.text.pronunciation import BEGINNING, HAN, LOOSE_TONE, notes

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|br|center|div|em|font|h[1-6]|hr|i|img|li|o:p|ol|p|script|span|strong|style|table|tbody|td|th|tr|u|ul)"
    r"(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_LOST = re.compile(r"\?{2,}")
_SPACED_OUT = re.compile(rf"(?<![{HAN}])[{HAN}](?: [{HAN}]){{3,}}(?![{HAN}])")
_CLEAN: Final = 0
_DROPPED: Final = 1
_SPACES: Final = 2
_EXPANDED: Final = 4
_SIGNS: Final = {"&": 8, "<": 16, "(": 32, "?": 64}
_ANYTHING: Final = 127
"""What `_doubts` says may need repair, as bits: characters to drop, white space, characters to expand, and signs with
which something longer may begin."""

_NOT_LETTERS = re.compile(r"[\W_]+")
_WHITE = re.compile(r"\s{2,}|[^\S ]|^\s+|\s+$")


def _is_dropped(char: str) -> bool:
    """Tell whether a character has no shape of its own: controls, zero-width, marks that combine."""
    return char not in "\t\n\r\x0b\x0c\x85\u2028\u2029" and unicodedata.category(char) in (
        "Cc",
        "Cf",
        "Mn",
        "Me",
        "Cs",
        "Co",
    )


def _class_of(chars: list[str]) -> str:
    return "[" + "".join(re.escape(char) for char in chars) + "]"


@cache
def _tables() -> tuple[dict[int, str], dict[str, str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Build, once: one-to-one exchanges, expansions, and the patterns for what changes a text's length."""
    hangul_and_private = range(0xAC00, 0xF900)
    every = [chr(point) for point in (*range(0x10000), *range(0x2F800, 0x2FA20)) if point not in hangul_and_private]
    han = [char for char in every if char >= "\u2e80" and unicodedata.name(char, "").startswith(("CJK", "KANGXI"))]
    converter = opencc.OpenCC("t2s")
    simplified = dict(zip(han, converter.convert("\n".join(han)).split("\n"), strict=True))
    radicals = _radical_supplement()

    def settle(char: str) -> str:
        for _ in range(5):
            plain = unicodedata.normalize("NFKC", radicals.get(char, char)).lower()
            new = simplified.get(plain, plain)
            if new == char:
                break
            char = new
        return char

    single: dict[int, str] = {ord("ɡ"): "g", ord("ɑ"): "a", ord("〇"): "零"}
    expanded: dict[str, str] = {}
    for char in every:
        if _is_dropped(char) or char.isspace():
            continue
        new = settle(char)
        if new == char or any(_is_dropped(part) for part in new):
            continue
        if len(new) == 1:
            single.setdefault(ord(char), new)
        else:
            expanded[char] = "".join(settle(part) for part in new)
    dropped = (
        _class_of([char for char in every if _is_dropped(char)]) + "|[\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]"
    )
    expandable = _class_of(list(expanded))
    repairs = (
        rf"{dropped}|{expandable}|&(?:#|[a-zA-Z])|<[/a-zA-Z]|{BEGINNING}"
        rf"|\?\?|\s\s|[^\S ]|^\s|\s$|[{HAN}] [{HAN}] [{HAN}] [{HAN}]"
    )
    return single, expanded, re.compile(dropped), re.compile(expandable), re.compile(repairs)


def _radical_supplement() -> dict[str, str]:
    """Map CJK radicals that Unicode's NFKC leaves alone to the characters they are mistaken for."""
    pairs = (
        "⺃乚⺅亻⺈刀⺉刂⺊卜⺌小⺍小⺎兀⺐尢⺓幺⺕彐⺖忄⺗小⺘扌⺙攵⺛旡⺝月⺠民⺡氵⺢水⺣灬⺤爪⺥爪⺧牛⺨犭⺩王⺪疋⺫目⺬示⺭礻⺮竹⺯糸⺰纟⺱网⺲罒"
        "⺳网⺴网⺶羊⺸羊⺹耂⺻聿⺼月⺽臼⺾艹⺿艹⻀艹⻁虎⻂衤⻃西⻄西⻅见⻆角⻇角⻈讠⻉贝⻊足⻋车⻌辶⻍辶⻎辶⻏阝⻐钅⻑长⻒长⻓长⻔门⻖阝"
        "⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻟食⻠饣⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻬齐⻮齿⻰龙⻱龟⻳龟"
    )
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _unescape(match: re.Match[str]) -> str:
    decoded = html.unescape(match.group())
    return decoded if len(decoded) == 1 else match.group()


def _compose(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match.group())


def _lost_characters(match: re.Match[str]) -> str:
    """Read a run of question marks at the end of a clause as one, elsewhere as the space it replaced."""
    after = match.string[match.end() : match.end() + 1]
    return "?" if not after or not (after.isalnum() or after == "(") else " "


def _repair(aligned: AlignedText, doubts: int) -> AlignedText:
    repaired = _repair_characters(aligned, doubts) if doubts != _SPACES else aligned
    if doubts & _SPACES or repaired is not aligned:
        repaired = repaired.sub(_WHITE, _one_space)
    return _close_up(repaired) if " " in repaired.text else repaired


def _repair_characters(aligned: AlignedText, doubts: int) -> AlignedText:
    """Do all repairs but those of white space, leaving out those whose beginnings the text does not hold."""
    _, _, dropped, _, _ = _tables()
    given = aligned
    if doubts & _DROPPED:
        aligned = aligned.sub(LOOSE_TONE, _compose).sub(dropped, "")
    if doubts & (_DROPPED | _EXPANDED):
        aligned = aligned.splice(_expansions(aligned.text))
    if "&" in aligned.text:
        aligned = aligned.sub(_ENTITY, _unescape)
    if "<" in aligned.text:
        aligned = aligned.sub(_TAG, " ")
    if aligned is not given:
        aligned = replace(aligned, text=_exchange(aligned.text))
    if "(" in aligned.text:
        aligned = aligned.splice((start, end, "") for start, end in notes(aligned.text))
    return aligned.sub(_LOST, _lost_characters) if "??" in aligned.text else aligned


def _exchange(text: str) -> str:
    """Exchange the characters that have a plain form of one character for it."""
    exchanged: str = text.translate(_tables()[0]) if kernel is None else kernel.exchange(text, _exchanges())
    return exchanged


@cache
def _exchanges() -> bytes:
    """Return for each code point below the first astral plane but one the one it is exchanged for, in 32 bits."""
    table = np.arange(0x30000, dtype=np.uint32)
    single = _tables()[0]
    table[list(single)] = [ord(char) for char in single.values()]
    return table.tobytes()


@cache
def _classes() -> bytes:
    """Return for each code point, and for all beyond, its bit of what may need repair."""
    _, expanded, dropped, _, _ = _tables()
    classes = np.zeros(0x2F800, dtype=np.uint8)
    for point in range(0x10000):
        char = chr(point)
        if dropped.match(char):
            classes[point] = _DROPPED
        elif char in expanded:
            classes[point] = _EXPANDED
        elif char.isspace() and char != " ":
            classes[point] = _SPACES
        else:
            classes[point] = _SIGNS.get(char, _CLEAN)
    return classes.tobytes() + bytes([_DROPPED | _EXPANDED])


def _doubts(text: str) -> int:
    """Return what in `text` may need repair, as bits; without the compiled kernel nothing or anything."""
    if kernel is None:
        return _ANYTHING if _tables()[-1].search(text) else _CLEAN
    found: int = kernel.doubts(text, _classes())
    return found


def _expansions(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield, for each character that stands for several, its place and these."""
    _, expanded, _, expandable, _ = _tables()
    if kernel is None:
        places = (match.start() for match in expandable.finditer(text))
    else:
        places = kernel.places(text, _classes(), _EXPANDED)
    return ((at, at + 1, expanded[text[at]]) for at in places if text[at] in expanded)


def _close_up(aligned: AlignedText) -> AlignedText:
    """Take out the spaces of characters that were spaced out one by one."""
    runs = _SPACED_OUT.finditer(aligned.text)
    spaces = (at for run in runs for at in range(run.start(), run.end()) if aligned.text[at] == " ")
    return aligned.splice((at, at + 1, "") for at in spaces)


def _one_space(match: re.Match[str]) -> str:
    return "" if match.start() == 0 or match.end() == len(match.string) else " "


def normalise(text: str) -> AlignedText:
    """Repair `text`; the result is in simplified, half-width, lower-case characters with single spaces.

    Idempotent: it repeats its steps until none changes anything, and each step only shortens or settles.

    >>> normalise("開(kāi)展&nbsp;網(wǎng)站　ＡＢＣ").text
    '开展 网站 abc'
    """
    aligned = AlignedText(text, _exchange(text))
    while (doubts := _doubts(aligned.text)) != _CLEAN:
        repaired = _repair(aligned, doubts)
        if repaired.text == aligned.text:
            break
        aligned = repaired
    return aligned


def letters(normalised: str) -> str:
    """Return a normalised text's letters and digits alone: equal for texts that say the same in the same words."""
    if kernel is None:
        return _NOT_LETTERS.sub("", normalised)
    kept: str = kernel.letters(normalised)
    return kept
