"""What a regular expression says of the texts it matches, so that most texts need not be searched with it.

`ways` lists strings of which each match holds some; `characters` those of which a match consists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

_MOST_LITERALS: Final = 200
_MOST_SPELLINGS: Final = 40
_FAR: Final = 100
_COMMON: Final = 20
"""How many literals of two characters are met by chance as often as one of a single character."""

Literals = frozenset[str]


def ways(pattern: re.Pattern[str]) -> tuple[tuple[Literals, ...], ...]:
    """Return the ways in which `pattern` matches: of each set of strings of a way, a match that way holds one.

    Empty where of some way there is nothing to tell.

    >>> [[sorted(literals) for literals in way] for way in ways(re.compile("(?:电|水)表.{0,4}(?:坏了|不准)|漏电"))]
    [[['水表', '电表'], ['不准', '坏了']], [['漏电']]]
    """
    parsed = parser.parse(pattern.pattern, pattern.flags)
    branches = parsed[0][1][1] if len(parsed) == 1 and parsed[0][0] is kinds.BRANCH else [parsed]
    found = tuple(tuple(_each(branch)) for branch in branches)
    return found if all(found) else ()


def least_common(literals: Iterable[Literals]) -> Literals | None:
    """Choose the set of strings that is least likely to be met by chance."""
    return min(literals, key=_commonness, default=None)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> Literals | None:
    """Choose, of what each part of a sequence requires, the least likely to be met by chance."""
    return least_common(_each(items))


def _commonness(literals: Literals) -> int:
    return sum(1 if len(one) > 1 else _COMMON for one in literals)


def _each(items: Iterable[tuple[Any, Any]]) -> Iterator[Literals]:
    """Yield what neighbouring characters spell, and what the other parts of a sequence require."""
    spelt: Literals = frozenset({""})
    for kind, value in items:
        chars = _chars(kind, value)
        if chars and len(spelt) * len(chars) <= _MOST_SPELLINGS:
            spelt = frozenset(before + char for before in spelt for char in chars)
            continue
        if "" not in spelt:
            yield spelt
        spelt = chars or frozenset({""})
        found = _of_part(kind, value)
        if found:
            yield found
    if "" not in spelt:
        yield spelt


def _chars(kind: Any, value: Any) -> Literals:
    """Return the characters of which a part matches exactly one, where these are few and have no case."""
    if kind is kinds.LITERAL:
        given = [(kind, value)]
    elif kind is kinds.IN:
        given = value
    elif kind is kinds.SUBPATTERN and len(value[-1]) == 1:
        return _chars(*value[-1][0])
    else:
        return frozenset()
    chars = frozenset(chr(one) for sort, one in given if sort is kinds.LITERAL)
    plain = len(chars) == len(given) and all(char.lower() == char.upper() for char in chars)
    return chars if plain else frozenset()


def _of_part(kind: Any, value: Any) -> Literals | None:
    if kind is kinds.SUBPATTERN:
        return _of_sequence(value[-1])
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[0] > 0:
        return _of_sequence(value[2])
    if kind is kinds.BRANCH:
        every = [_of_sequence(branch) for branch in value[1]]
        known = [one for one in every if one]
        together: Literals = frozenset().union(*known)
        return together if len(known) == len(every) and len(together) <= _MOST_LITERALS else None
    return None


def longest(pattern: re.Pattern[str]) -> int | None:
    """Return how many characters a match takes at most; None where that is many, or where it looks at others beside it.

    >>> longest(re.compile("水.{0,4}管|漏电")), longest(re.compile("水+")), longest(re.compile("水(?!管)"))
    (6, None, None)
    """
    parsed = parser.parse(pattern.pattern, pattern.flags)
    most = int(parsed.getwidth()[1])
    return most if most <= _FAR and not _looks_aside(parsed) else None


def _looks_aside(part: Any) -> bool:
    """Tell whether some part of an expression, however deep, looks at what it does not take."""
    if isinstance(part, (list, tuple, parser.SubPattern)):
        return any(map(_looks_aside, part))
    # A kind equals a plain number, such as how often something repeats.
    return any(part is kind for kind in (kinds.ASSERT, kinds.ASSERT_NOT, kinds.AT))


def characters(pattern: re.Pattern[str]) -> Literals:
    """Return the characters of which every match of `pattern` consists; what it looks at beside it is left out.

    Raises:
        ValueError: it takes characters that are not listed.

    >>> "".join(sorted(characters(re.compile("(?<!x)[0-2]+(?:栋|幢)(?![a-z])"))))
    '012幢栋'
    """
    return frozenset(_taken(parser.parse(pattern.pattern, pattern.flags)))


def _taken(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for kind, value in items:
        if kind is kinds.LITERAL:
            yield chr(value)
        elif kind is kinds.RANGE:
            yield from map(chr, range(value[0], value[1] + 1))
        elif kind is kinds.IN:
            yield from _taken(value)
        elif kind is kinds.SUBPATTERN:
            yield from _taken(value[-1])
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
            yield from _taken(value[2])
        elif kind is kinds.BRANCH:
            for branch in value[1]:
                yield from _taken(branch)
        elif kind not in (kinds.ASSERT, kinds.ASSERT_NOT, kinds.AT):
            raise ValueError(f"{kind} takes characters that are not listed")
