"""A ledger's places: districts, towns, villages, found by name in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from classifier.catalogue.hierarchy import descend
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Region
from classifier.errors import UnknownRegionError

_GAP = 1
"""Characters that may stand between a place's name and that of the place it lies in (`东镇的王家村`)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named at `[start, end)` of a text; several regions may be called so."""

    start: int
    end: int
    regions: tuple[Region, ...]


NOWHERE = Mention(-99, -99, ())


class Gazetteer:
    """Regions by code, with an index of their names for finding them in a text."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_code = {region.code: region for region in regions}
        self._by_name: dict[str, list[Region]] = {}
        for region in self:
            for name in {region.name, *region.aliases}:
                self._by_name.setdefault(name, []).append(region)
        self._sizes: dict[str, list[int]] = {}
        for name in self._by_name:
            if len(name) >= 2:
                sizes = self._sizes.setdefault(name[:2], [])
                if len(name) not in sizes:
                    sizes.append(len(name))
                    sizes.sort(reverse=True)

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def get(self, code: str) -> Region | None:
        """Return the region with this code, or None."""
        return self._by_code.get(code)

    def find(self, given: str) -> Region:
        """Return the region with this code, path or unambiguous name.

        Raises:
            UnknownRegionError: none, or more than one, is called so.
        """
        if given in self._by_code:
            return self._by_code[given]
        named = self._by_name.get(given, []) or [region for region in self if region.path == given]
        if len(named) != 1:
            raise UnknownRegionError(given, [region.path for region in named][:3])
        return named[0]

    def ancestry(self, region: Region) -> Sequence[Region]:
        """Return the region and those it lies in, smallest first."""
        line = [region]
        while line[-1].parent:
            line.append(self._by_code[line[-1].parent])
        return line

    def mentions(self, text: str) -> list[Mention]:
        """Return the places named in `text`, in order; the longest name at a spot is meant."""
        found = []
        at = 0
        while at < len(text) - 1:
            for size in self._sizes.get(text[at : at + 2], ()):
                named = self._by_name.get(text[at : at + size])
                if named:
                    found.append(Mention(at, at + size, tuple(named)))
                    at += size
                    break
            else:
                at += 1
        return found

    def villages(self, text: str) -> set[str]:
        """Return the codes of the smallest places (those no other lies in) that a text names without doubt."""
        above = {region.parent for region in self}
        return {region.code for _, region in self._meant(text) if region.code not in above}

    def around(self, codes: Iterable[str]) -> Region | None:
        """Return the smallest region that all of these lie in, or None."""
        lines = [[one.code for one in self.ancestry(self._by_code[code])] for code in codes]
        shared = (code for code in lines[0] if all(code in line for line in lines)) if lines else iter(())
        code = next(shared, None)
        return self._by_code[code] if code else None

    def locate(self, text: str) -> Region | None:
        """Return the smallest region a text tells of, or None when it names none or leaves it open.

        A name that several regions share is decided by the place named just before it, where that is one of
        those it lies in, else by the other places named. The region that most other mentions lie above wins,
        one named right behind the place it lies in before others, then the deepest, then the first named.
        """
        best: Region | None = None
        best_score = (-1, -1, -1)
        for score, region in self._meant(text):
            if score > best_score:
                best, best_score = region, score
        return best

    def _meant(self, text: str) -> Iterator[tuple[tuple[int, int, int], Region]]:
        """Yield, for each place named, the one region that is meant, with what supports it; none where that is open."""
        mentions = self.mentions(text) if self._by_code else []
        named = {region.code for mention in mentions for region in mention.regions}
        before = NOWHERE
        for mention in mentions:
            scored = [(self._support(region, named, mention, before), region) for region in mention.regions]
            before = mention
            top = max(score for score, _ in scored)
            winners = [region for score, region in scored if score == top]
            if len(winners) == 1:
                yield top, winners[0]

    def _support(self, region: Region, named: set[str], mention: Mention, before: Mention) -> tuple[int, int, int]:
        """Weigh a region: is it named right behind one it lies in, how many of its line are named, how deep is it."""
        line = [one.code for one in self.ancestry(region)]
        follows = mention.start - before.end <= _GAP and any(one.code in line[1:] for one in before.regions)
        return int(follows), sum(code in named for code in line), len(line)


def read_regions(rows: Iterable[Row], findings: Findings) -> Gazetteer:
    """Build the gazetteer, noting codes used twice, unknown parents and cycles."""
    by_code: dict[str, tuple[Row, Region]] = {}
    for row in rows:
        if not row["code"] or not row["name"]:
            findings.error(row, "code" if not row["code"] else "name", "不能为空")
        elif row["code"] in by_code:
            findings.error(row, "code", f"代码 {row['code']} 已在第 {by_code[row['code']][0].number} 行用过")
        else:
            region = Region(row["code"], row["name"], row["parent"], row.several("aliases"), row["department"])
            by_code[row["code"]] = row, region
    return Gazetteer(
        replace(region, parent=parent, path="/".join(names)) for region, parent, names in descend(by_code, findings)
    )
