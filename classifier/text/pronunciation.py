"""Find pronunciation notes glued in behind characters (`開(kāi)展`, `社會(huì )`), as web converters leave them.

A note with a tone mark is never anything else. One without (`(de)`, `(kai)`, `(kai1)`) is taken for a note only in
a text that has others, or behind a character that is spoken so, because a bracket may hold a real word.
"""

from __future__ import annotations

import re
import unicodedata

HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"

_TONED = "āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜńňǹḿếề"
_INITIAL = "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
_FINAL = (
    "(?:iang|iong|uang|ueng|ang|eng|ing|ong|iao|ian|uai|uan|üan|van|ai|ei|ao|ou|an|en|er|ia|ie|iu|in|io|"
    "ua|uo|ui|un|ue|üe|ve|ün|a|o|e|ê|i|u|ü|v)"
)
_SYLLABLE = re.compile(rf"(?:{_INITIAL}{_FINAL}r?|h?m|h?ng?)(?:[1-5](?![0-9]))?")
_NOTE = re.compile(rf"(?<=[{HAN}]) ?\(\s*([a-züêɡɑ1-5{_TONED}'’ ]{{1,24}}?)\s*\)")
_MOST_SYLLABLES = 4
_ENOUGH = 3
"""Notes without a tone from which a text's brackets are taken for notes."""

_SPOKEN = (
    "ma吗嘛 me么麽 de的地得 le了 zi子 men们 ne呢 ba吧 zhe着 guo过 li里 shang上 tou头 ge个"
    " a啊 ya呀 wa哇 o哦 la啦 bian边 jia家"
)
_TONELESS = {char: sound for sound, chars in re.findall(r"([a-z]+)([^a-z ]+)", _SPOKEN) for char in chars}
"""Characters that are often spoken without a tone, with their sound."""

_TONE_MARKS = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))
BEGINNING = rf"(?<=[{HAN}]) ?\(\s*[a-zêü{_TONED}]"
"""As an expression: where a note may begin."""

LOOSE_TONE = re.compile("[a-zA-ZüÜêÊ]\u0308?[\u0300\u0301\u0304\u030c]")
"""A letter with its tone mark as a character of its own."""


def _plain(sound: str) -> str:
    bare = unicodedata.normalize("NFD", sound).translate(_TONE_MARKS)
    return unicodedata.normalize("NFC", bare).replace("ɡ", "g").replace("ɑ", "a")


def _syllables(sound: str) -> int:
    """Count the syllables that letters consist of; 0 where they are no pronunciation."""
    at = count = 0
    letters = re.sub(r"['’ ]", "", _plain(sound))
    while at < len(letters):
        match = _SYLLABLE.match(letters, at)
        if not match:
            return 0
        at, count = match.end(), count + 1
    return count


def notes(text: str) -> list[tuple[int, int]]:
    """Return where the notes of a half-width, lower-case text stand, brackets and a space before them included.

    >>> notes("社会(huì )开(kāi)展(zhan)")
    [(2, 8), (9, 14), (15, 21)]
    >>> notes("材料(word)、附件(a)")
    []
    """
    certain, plain = [], []
    for match in _NOTE.finditer(text):
        count = _syllables(match[1])
        if any(char in _TONED for char in match[1]):
            if 1 <= count <= _MOST_SYLLABLES:
                certain.append(match.span())
        elif _TONELESS.get(text[match.start() - 1]) == _plain(match[1]):
            certain.append(match.span())
        elif count == 1:
            plain.append(match.span())
    return sorted([*certain, *plain]) if certain or len(plain) >= _ENOUGH else []
