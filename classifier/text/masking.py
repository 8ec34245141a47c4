"""Find personal data in a normalised text and hide it, before anything is stored or learnt.

Expressions with checksums where the number has one: identity cards (GB 11643), bank cards (Luhn).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from classifier.compiled import kernel
from classifier.expressions import characters
from classifier.text.aligned import AlignedText

HIDDEN = "*"
"""What stands for one piece of personal data in a masked text."""

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SEP = r"[ -]?"
_NUMERAL = "[零一二三四五六七八九十百幺两]"


def is_identity_number(number: str) -> bool:
    """Tell whether 18 characters are a resident identity number, by its check character (GB 11643-1999).

    >>> is_identity_number("11010519491231002X")
    True
    """
    if not re.fullmatch(r"[0-9]{17}[0-9xX]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10x98765432"[total % 11] == number[-1].lower()


def is_card_number(number: str) -> bool:
    """Tell whether digits pass the Luhn check that bank cards carry."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10


def _plain(number: str) -> str:
    return re.sub(r"[ -]", "", number)


_FORMS: list[tuple[str, str, Callable[[str], bool]]] = [
    (
        "身份证号",
        rf"(?<![0-9a-z])[1-8][0-9]{{5}}{_SEP}(?:18|19|20)[0-9]{{6}}{_SEP}[0-9]{{3}}[0-9x](?![0-9a-z])",
        lambda found: is_identity_number(_plain(found)),
    ),
    (
        "银行卡号",
        rf"(?<![0-9])(?:[0-9]{{4}}{_SEP}){{4}}[0-9]{{1,3}}(?![0-9])",
        lambda found: is_card_number(_plain(found)),
    ),
    (
        "银行卡号",
        rf"(?<![0-9])(?:[0-9]{{4}}{_SEP}){{3}}[0-9]{{4}}(?![0-9])",
        lambda found: is_card_number(_plain(found)),
    ),
    (
        "手机号",
        rf"(?<![0-9])(?:(?:\+|00)?86{_SEP})?(?:1[3-9][0-9]{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}"
        r"|1[3-9][0-9][ .-][0-9]{3}[ .-][0-9]{5}|1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}"
        r"|1 [3-9](?: [0-9]){9}|1-[3-9](?:-[0-9]){9})(?![0-9])",
        lambda _: True,
    ),
    (
        "固定电话",
        r"(?<![0-9])(?:0[0-9]{2,3}[ -]?[2-9][0-9]{6,7}|\(0[0-9]{2,3}\) ?[2-9][0-9]{6,7}"
        r"|[48]00[ -]?[0-9]{3}[ -]?[0-9]{4}|[48]00[ -][0-9]{4}[ -][0-9]{3})(?![0-9])",
        lambda _: True,
    ),
    (
        "电子邮箱",
        r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}",
        lambda _: True,
    ),
    (
        "车牌号",
        rf"[{_PROVINCES}][a-hj-z][ ·.-]?[a-hj-np-z0-9]{{4,5}}[a-hj-np-z0-9挂学警港澳](?![a-z0-9])",
        lambda found: sum(char.isdigit() for char in found) >= 2,
    ),
    (
        "门牌号",
        r"[0-9a-z]{1,4}(?:栋|幢|座|号楼)(?:[0-9a-z]{1,3}(?:单元|门))?[0-9]{1,2}(?:层|楼)?[0-9]{2,4}(?:室|号房|房|号|户(?![居人村家籍主]))?(?![0-9年月日元人万多余个家户])"
        r"|[0-9a-z]{1,3}(?:单元|门)[0-9]{3,4}(?:室|号房|房|号|户(?![居人村家籍主]))?(?![0-9年月日元人万多余个家户])"
        rf"|(?:{_NUMERAL}{{1,3}}|[0-9a-z]{{1,4}})(?:栋|幢|座|号楼)(?:(?:{_NUMERAL}{{1,2}}|[0-9]{{1,3}})(?:单元|门))"
        rf"(?:{_NUMERAL}{{3,4}}|[0-9]{{3,4}})(?:室|号房|房|号|户(?![居人村家籍主]))?(?![0-9年月日元人万多余个家户])"
        rf"|{_NUMERAL}{{1,3}}(?:栋|幢|座|号楼){_NUMERAL}{{3,4}}(?:室|号房)"
        r"|(?<![0-9-])[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?:室|号)?(?![0-9-])",
        lambda _: True,
    ),
]
_KINDS = [(kind, re.compile(pattern), is_one) for kind, pattern, is_one in _FORMS]
_ANY = re.compile("|".join(pattern for _, pattern, _ in _FORMS))
_WORTH_LOOKING = re.compile(
    rf"[0-9]{{3}}|@|[0-9][栋幢座号单门]|1[ -][3-9][ -][0-9]|[栋幢座楼元门]{_NUMERAL}"
    rf"|[{_PROVINCES}][a-hj-z][ ·.-]?[a-hj-np-z0-9]{{4}}"
)


_SHORTEST = 5
"""Characters of the shortest piece: a house number, an e-mail address."""


@cache
def _clues() -> Any:
    """Return the pairs of characters, of which a text worth looking at holds one, as the kernel wants them."""
    digits, numerals = "0123456789", _NUMERAL[1:-1]
    groups = (
        (digits, digits + "栋幢座号单门"),
        ("1", " -"),
        ("栋幢座楼元门", numerals),
        (_PROVINCES, "abcdefghjklmnopqrstuvwxyz"),
        ("@", "\0"),
    )
    pairs = [ord(left) << 21 | ord(right) for lefts, rights in groups for left in lefts for right in rights]
    return kernel.make_table(array("Q", pairs))


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data at `[start, end)` of the text it was found in."""

    start: int
    end: int
    kind: str


@cache
def _characters() -> frozenset[str]:
    """Return the characters pieces consist of."""
    return frozenset().union(*(characters(pattern) for _, pattern, _ in _KINDS))


@cache
def _stretch() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(re.escape, sorted(_characters())))}]{{{_SHORTEST},}}")


@cache
def _is_in_pieces() -> bytes:
    """Return for each code point, up to the last one in question, whether pieces consist of such."""
    marks = bytearray(ord(max(_characters())) + 1)
    for char in _characters():
        marks[ord(char)] = 1
    return bytes(marks)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text that could hold a piece: of the characters pieces consist of."""
    if kernel is None:
        found = [match.span() for match in _stretch().finditer(text)]
    else:
        found = kernel.stretches(_clues(), _is_in_pieces(), text, _SHORTEST)
    return (span for span in found if _WORTH_LOOKING.search(text, *span))


def _candidates(text: str) -> Iterator[Found]:
    for begin, end in _stretches(text):
        at = begin
        while at <= end - _SHORTEST:
            found = _found_at(text, at) if _ANY.match(text, at) else None
            if found:
                yield found
            at = found.end if found else at + 1


def _found_at(text: str, at: int) -> Found | None:
    """Return the first kind that begins at `at` and passes its check; one that fails must not hide another."""
    for kind, pattern, is_one in _KINDS:
        match = pattern.match(text, at)
        if match and is_one(match.group()):
            return Found(*match.span(), kind)
    return None


def find_personal_data(text: str) -> tuple[Found, ...]:
    """Find phone, identity-card, bank-card and plate numbers, e-mail addresses and house numbers.

    `text` is normalised (half-width, lower-case). Results are in order and do not overlap.

    >>> [found.kind for found in find_personal_data("请回电13800001234,我住3栋2单元501")]
    ['手机号', '门牌号']
    """
    return tuple(_candidates(text))


def mask(aligned: AlignedText) -> tuple[AlignedText, tuple[Found, ...]]:
    """Replace each piece of personal data by `HIDDEN`; what was found is placed in the original text."""
    found = find_personal_data(aligned.text)
    if not found:
        return aligned, ()
    places = tuple(Found(*aligned.span(one.start, one.end), one.kind) for one in found)
    return aligned.splice((one.start, one.end, HIDDEN) for one in found), places


def redact(original: str, found: tuple[Found, ...]) -> str:
    """Return `original` with each piece of personal data replaced by its kind in brackets, for storing.

    >>> redact("电话13800001234", (Found(2, 13, "手机号"),))
    '电话[手机号]'
    """
    pieces: list[str] = []
    at = 0
    for one in found:
        pieces += (original[at : one.start], f"[{one.kind}]")
        at = one.end
    return "".join(pieces) + original[at:]
