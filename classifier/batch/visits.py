"""Read a backlog of visit notes: what was told, where, by whom, and whether it is settled."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from classifier.domain import Complaint
from classifier.files.columns import parse_day, recognise
from classifier.files.reading import open_source
from classifier.files.source import Cells, ReadAs

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "person": ("household", "户主", "户主姓名", "姓名", "户名", "信访人", "来信人", "反映人", "诉求人", "群众姓名"),
    "phone": ("phone", "电话", "联系电话", "手机", "手机号", "联系方式"),
    "state": (
        "status",
        "state",
        "状态",
        "办理状态",
        "办理情况",
        "办理结果",
        "进展",
        "是否解决",
        "是否销号",
        "整改情况",
    ),
    "closed": ("closed", "办结日期", "销号日期", "解决日期", "办结时间", "销号时间", "解决时间"),
}
_NOT_YET = re.compile(r"未|没有|尚|正在|办理中|^(?:否|不)|无法|待")
_SOLVED = re.compile(r"办结|解决|销号|完成|化解|到位|整改|答复|回访|^是$|^(?:solved|closed|done|yes)$", re.IGNORECASE)
_NOTHING = re.compile(r"\W*(?:无|没有|暂无|无问题|无诉求|没有(?:问题|诉求|困难|意见))?\W*")


class State(StrEnum):
    """How far a matter has come: open, solved (销号), or solved and visited again (回访)."""

    OPEN = "open"
    SOLVED = "solved"
    REVISITED = "revisited"


@dataclass(frozen=True, slots=True)
class Visit:
    """One row of a backlog; `complaint` is None where the household told of nothing.

    All words are as they stand in the file, empty where it has no such column.
    """

    row: int
    complaint: Complaint | None
    person: str = ""
    phone: str = ""
    category: str = ""
    department: str = ""
    state: State = State.OPEN
    closed: dt.date | None = None


def state_of(told: str) -> State:
    """Tell how far a matter has come from the words of its row.

    >>> [state_of(told).value for told in ("已办结", "未解决", "办理中", "已回访", "是", "")]
    ['solved', 'open', 'open', 'revisited', 'solved', 'open']
    """
    told = told.strip()
    if not told or _NOT_YET.search(told) or not _SOLVED.search(told):
        return State.OPEN
    return State.REVISITED if "回访" in told else State.SOLVED


def read_visits(path: Path, text_column: str | None = None, title_column: str | None = None) -> Iterator[Visit]:
    """Yield the rows of a backlog in order.

    Raises:
        TableError: the file cannot be read, or has no column of texts.
        UnsupportedFormatError: its ending is of no kind that is read.
    """
    source = open_source(path, ReadAs(text_column))
    known = recognise(source.columns, path, text_column, title_column)
    lowered = {name.lower(): at for at, name in enumerate(source.columns)}
    place = {what: next((lowered[one] for one in names if one in lowered), None) for what, names in _NAMES.items()}
    for number, cells in source.rows:
        text, title = _cell(cells, known.text), _cell(cells, known.title)
        complaint = Complaint(
            text, title, _cell(cells, known.region), parse_day(_cell(cells, known.date)), _cell(cells, known.id)
        )
        yield Visit(
            number,
            None if _NOTHING.fullmatch(text) and not title else complaint,
            _cell(cells, place["person"]),
            re.sub(r"\D", "", _cell(cells, place["phone"])),
            _cell(cells, known.category),
            _cell(cells, known.department),
            state_of(_cell(cells, place["state"])),
            parse_day(_cell(cells, place["closed"])),
        )


def _cell(cells: Cells, at: int | None) -> str:
    return "" if at is None or cells[at] is None else str(cells[at]).strip()
