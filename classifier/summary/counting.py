"""Read a classified backlog and sum it up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier.batch.columns import OUTPUT
from classifier.domain import Complaint, Urgency, Verdict
from classifier.errors import ComplaintError, MissingColumnError
from classifier.files.columns import KnownColumns, parse_day, recognise
from classifier.files.reading import open_source
from classifier.files.source import Cells, ReadAs, Source
from classifier.summary.matters import Matter
from classifier.summary.spooled import Retold, Spooled, SpooledRow
from classifier.text.pipeline import ReadComplaint, TextPipeline

COUNTED: Final = {
    "category_path": "类别",
    "department": "主办部门",
    "region": "地区",
    "kind": "诉求类型",
    "urgency": "紧急程度",
    "decision": "处理方式",
}
"""The columns that are counted, with what people call them."""

_MOST_MATTERS: Final = 200
_MOST_BY_HAND: Final = 200
_URGENT_FIRST: Final = {urgency.value: -urgency.rank for urgency in Urgency}
_VERDICTS: Final = {verdict.value: verdict.label for verdict in Verdict}
_FIGURES: Final = re.compile("（[^）]*）")
_NO_REGION: Final = "（未识别）"


@dataclass(frozen=True, slots=True)
class Hot:
    """A hot matter, and how many of its rows say nearly what another of them says."""

    matter: Matter
    alike: int


@dataclass(frozen=True, slots=True)
class ByHand:
    """A row that only a person can settle, and why."""

    name: str
    urgency: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backlog shows: counts by column and value, by month, rows that repeat another, hot matters.

    `reasons` count why rows need a person; `by_hand` are the first 200 of them, the most urgent first. `near` rows say
    nearly, but not exactly, what an earlier one says; `retold` are the complaints most often told, in the same words or
    nearly so.
    """

    source: str
    rows: int
    errors: int
    counts: dict[str, list[tuple[str, int]]]
    months: list[tuple[str, int]]
    repeated: list[tuple[str, int]]
    hot: list[Hot]
    reasons: list[tuple[str, int]]
    by_hand: list[ByHand]
    near: int
    retold: list[Retold]

    @property
    def repeats(self) -> int:
        """Rows that say what an earlier one said."""
        return sum(count for _, count in self.repeated)


def summarise(path: Path, text_column: str | None = None, title_column: str | None = None, least: int = 3) -> Summary:
    """Sum up the file that `fenban batch` wrote; it is read once, and never held as a whole.

    In memory is a row in some 60 bytes, and those of one category at a time in full; the rest is on disk meanwhile.

    Args:
        path: the classified backlog, of any kind, with English or Chinese headings.
        text_column: where the texts are, when not under a usual name.
        title_column: the same for titles.
        least: rows from which a matter is a hot one.

    Raises:
        TableError: the file cannot be read, or was not classified.
    """
    source = open_source(path, ReadAs(text_column))
    reader = _Reader(path, source, recognise(_of_the_input(source.columns), path, text_column, title_column))
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    months: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    spooled = Spooled()
    reasons: Counter[str] = Counter()
    by_hand: list[ByHand] = []
    rows = errors = 0
    for row in reader:
        rows += 1
        errors += bool(row["error"])
        for name, counter in counts.items():
            if not row["error"]:
                counter[_VERDICTS.get(row[name], row[name]) or _NO_REGION] += 1
        months[row.month or "（无日期）"] += 1
        if row["duplicate_of"]:
            repeated[row["duplicate_of"]] += 1
        spooled.append(row.spooled())
        if row["error"] or row["decision"] == Verdict.MANUAL.value:
            one = row.by_hand()
            reasons[_FIGURES.sub("", one.reason)] += 1
            by_hand.append(one)
            if len(by_hand) > 2 * _MOST_BY_HAND:
                by_hand = most_urgent(by_hand)
    alike = spooled.alike()
    hot = [Hot(matter, count) for matter, count in spooled.matters(alike, least, _MOST_MATTERS)]
    near, retold = spooled.retold(alike, _MOST_MATTERS)
    spooled.close()
    return Summary(
        path.name,
        rows,
        errors,
        {name: _ranked(counter) for name, counter in counts.items()},
        sorted(months.items()),
        _ranked(repeated),
        hot,
        _ranked(reasons),
        most_urgent(by_hand),
        near,
        retold,
    )


def most_urgent(rows: list[ByHand]) -> list[ByHand]:
    """Return the first 200 rows, the most urgent first."""
    return sorted(rows, key=lambda row: _URGENT_FIRST.get(row.urgency, 0))[:_MOST_BY_HAND]


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _of_the_input(columns: tuple[str, ...]) -> list[str]:
    """Hide our own columns and take back the names of those that were renamed."""
    ours = {*OUTPUT, *OUTPUT.values()}
    return ["" if name in ours else name.removeprefix("input_") for name in columns]


class _Reader:
    """The rows of a classified backlog."""

    def __init__(self, path: Path, source: Source, columns: KnownColumns) -> None:
        place = {name: at for at, name in enumerate(source.columns)}
        self.ours = {name: place.get(name, place.get(chinese)) for name, chinese in OUTPUT.items()}
        if self.ours["category"] is None or self.ours["error"] is None:
            raise MissingColumnError(path, "category", source.columns, "请先用 fenban batch 分办，再汇总它的结果")
        self.columns = columns
        self.pipeline = TextPipeline()
        self._source = source

    def __iter__(self) -> Iterator[_Row]:
        return (_Row(number, cells, self) for number, cells in self._source.rows)


class _Row:
    def __init__(self, number: int, cells: Cells, reader: _Reader) -> None:
        self._cells, self._reader = cells, reader
        given = self._input("id")
        self.name = str(given) if given not in ("", None) else str(number)
        day = parse_day(self._input("date"))
        self.month = f"{day:%Y-%m}" if day else ""
        self.read = self._read()

    def __getitem__(self, name: str) -> str:
        at = self._reader.ours[name]
        return "" if at is None or self._cells[at] is None else str(self._cells[at])

    def _input(self, name: str) -> Any:
        at = getattr(self._reader.columns, name)
        return "" if at is None else self._cells[at]

    def _read(self) -> ReadComplaint | None:
        try:
            return self._reader.pipeline.read(
                Complaint(str(self._input("text") or ""), str(self._input("title") or ""))
            )
        except ComplaintError:
            return None

    @property
    def words(self) -> list[str]:
        """The words that could name a matter: of two characters or more, Chinese, nothing that was masked."""
        if self.read is None:
            return []
        return [
            word
            for _, field in self.read.fields
            for word in field.words
            if len(word) > 1 and all("\u3400" <= char <= "\u9fff" for char in word)
        ]

    def by_hand(self) -> ByHand:
        """Return why only a person can settle it."""
        category = self["category_path"] or self["category"]
        return ByHand(self.name, self["urgency"], category, self["error"] or self["reason"])

    def spooled(self) -> SpooledRow:
        """Return what is kept until all rows are known."""
        return SpooledRow(
            self.name,
            "" if self["error"] else self["category_path"] or self["category"],
            self["department"],
            self["region"] or str(self._input("region") or ""),
            self.month,
            self.read.said if self.read is not None else "",
            self.words,
        )
