"""What of a complaint makes it findable among earlier ones: a sketch of its words, and the places it names.

Near-duplicates share a band of their MinHash sketches (Broder 1997; banding after Leskovec, Rajaraman and Ullman,
Mining of Massive Datasets, chapter 3). People who tell of one matter in their own words name the same place, fall into
the same category, and share some of their words besides: many places go by one name. Both are kept as 64-bit clues in
one table, so that any number of workers finds them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from rensa import RMinHash

from classifier.learn.duplicates import runs_of_three
from classifier.text.normalisation import letters
from classifier.text.pipeline import ReadComplaint

HASHES: Final = 128
_BANDS: Final = 14
_ROWS: Final = 4
"""14 bands of 4 hashes: a pair with 0.7 of its triples in common is found with a chance of 0.98."""

_LONGEST: Final = 4_000
"""Letters of a complaint that are sketched; the rest of a longer one adds nothing."""

_MOST_NAMES: Final = 8

_ALIKE: Final = (1.0, 0.046, 0.03)
"""What two texts must have in common to tell of one place, by how many names of places they share: none, one, more.
Chosen on 9,000 messages to leaders by how often the towns they name differ; see `tests/benchmarks/similar.py`."""

_KINDS_OF_PLACE: Final = (
    "小区|花园|家园|公寓|大厦|广场|新城|新村|社区|公园|市场|商场|超市|酒店|医院|学校|小学|中学|大学|幼儿园|车站|"
    "公司|工地|工厂|大道|大桥|水库|楼盘|项目|(?<!政)府|苑|园(?!区|林)|城(?!市|管|乡|区|建|镇)|湾|居(?!民|住|委|然)|庭|轩|邸|"
    "路(?!灯|面|过|人|况|费|程|途|线|基|障|政|牌|桩|中|由)|街(?!道|坊)|巷|村|镇(?!政|里)|厂(?!家)|河(?!道)|湖|桥|站(?!起|着|出|在)"
)
_VAGUE_CHARACTERS: Final = frozenset(
    "我你他她它们本这那哪该某各每几多少条个座所家间处全小新老旧大两一二三四五六七八九十此其在到从向往于是有没无和与及或"
    "的了着过被把将给对为不很都也又就才再还要会能可应该请问什么怎样时候年月日号天里外上下前后左右中间内边旁近附"
    "省市区县乡修建铺挖堵走开停坐去回离派理占"
)
"""A name with one of these before what kind of place it is names none."""

_NAMED: Final = 2
"""Characters by which a place is told from others of its kind."""

_KIND_BEGINS: Final = "小花家公大广新社市商超酒医学中幼车工水楼项府苑园城湾居庭轩邸路街巷村镇厂河湖桥站"
_KIND_OF_PLACE: Final = re.compile(rf"(?=[{_KIND_BEGINS}])(?<=[a-z0-9\u4e00-\u9fff]{{{_NAMED}}})(?:{_KINDS_OF_PLACE})")
"""What kind of place it is, looked for by its first character: half the time of looking for the name before it."""


@dataclass(frozen=True, slots=True)
class Findable:
    """`sketch` holds `HASHES` unsigned 32-bit numbers, `bands` and `places` are signed 64-bit clues.

    `digest` is equal for complaints with the same letters, and tells nothing else without the store's secret.
    """

    digest: str
    sketch: bytes
    bands: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def clues(self) -> tuple[int, ...]:
        """All clues, those of near-duplicates first."""
        return self.bands + self.places


def findable(read: ReadComplaint, ledger: str, secret: bytes) -> Findable:
    """Return what is kept of a complaint to find it by; made of its masked text alone.

    Two complaints of different ledgers have no clue in common.
    """
    text = f"{read.title.text}\n{read.body.text}"
    said = letters(text)
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16, key=secret).hexdigest()
    said = said[:_LONGEST]
    minhash = RMinHash(HASHES, 0)
    minhash.update(runs_of_three(said))
    sketch = np.asarray(minhash.digest(), dtype=np.uint32).tobytes()
    size = _ROWS * 4
    bands = tuple(_clue(ledger, b"%d" % at, sketch[at * size : (at + 1) * size]) for at in range(_BANDS))
    places = tuple(_clue(ledger, b"place", name.encode()) for name in named_places(text))
    return Findable(digest, sketch, bands, places)


def named_places(text: str) -> list[str]:
    """Return the places a normalised text names, by the two characters before what kind of place it is.

    >>> named_places("我住在阳光花园,人民路的路灯坏了")
    ['阳光花园', '人民路']
    """
    found: dict[str, None] = {}
    at = 0
    while len(found) < _MOST_NAMES and (match := _KIND_OF_PLACE.search(text, at, _LONGEST)):
        begin = match.start() - _NAMED
        is_vague = not _VAGUE_CHARACTERS.isdisjoint(text[begin : begin + _NAMED])
        if not is_vague:
            found[text[begin : match.end()]] = None
        at = match.start() + 1 if is_vague else match.end() + _NAMED
    return list(found)


def similarity(one: bytes, other: bytes) -> float:
    """Estimate the share of character triples that two texts have in common (Jaccard) from their sketches."""
    equal = np.frombuffer(one, dtype=np.uint32) == np.frombuffer(other, dtype=np.uint32)
    return int(np.count_nonzero(equal)) / HASHES


def is_one_place(names: int, share: float) -> bool:
    """Tell whether two texts that share so many names of places, and so much of their triples, mean one place."""
    return share >= _ALIKE[min(names, len(_ALIKE) - 1)]


def _clue(ledger: str, what: bytes, content: bytes) -> int:
    digest = hashlib.blake2b(content, digest_size=8, key=ledger.encode()[:64], person=what).digest()
    return int.from_bytes(digest, "big", signed=True)
