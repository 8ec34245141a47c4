"""Parts, however a table is divided, put together are what one run over the whole writes."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from pathlib import Path

import pytest

from classifier.batch.columns import output_columns
from classifier.batch.nearly import earliest_alike
from classifier.batch.parts import Part, Told, Work, answer_part, parts_in, stage, write_part
from classifier.batch.run import BatchRequest, run_batch
from classifier.files.columns import recognise
from classifier.files.reading import open_source
from classifier.files.writing import lines_of
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

Found = dict[int, dict[int, str]]

TEXTS = ("路灯坏了没人修", "老板拖欠工资半年不给", "", '"路面有坑"，\n车过不去', "=1+1路灯不亮")
GREETINGS = ("", "您好，", "领导您好，", "希望尽快解决，")
BODY = "我们小区东门外面那条路上的路灯从上个月开始就一直不亮，晚上老人孩子出门很不方便"


def _text(at: int) -> str:
    return TEXTS[at % 5] if at % 4 else GREETINGS[at % 3] + BODY + GREETINGS[at % 5 % 4]


@pytest.fixture
def backlog(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("编号", "内容"), *((at if at % 3 else "", _text(at)) for at in range(60))])
    return path


def _work(backlog: Path, scratch: Path, suffix: str) -> Work:
    source = open_source(backlog)
    for name in ("answers", "written"):
        (scratch / name).mkdir(parents=True)
    stage(source, scratch / "staged.parquet")
    headings = tuple(output_columns(source.columns))
    return Work(scratch, recognise(source.columns, backlog), headings, dt.date.today(), suffix, numbered=True)


def _repeats(parts: list[Part], work: Work, suggester: Suggester) -> tuple[Found, Found]:
    """Return, by part and row, what the earliest row is called that says the same, and nearly the same."""
    earliest: dict[int, str] = {}
    exact: Found = {part.number: {} for part in parts}
    nearly: Found = {part.number: {} for part in parts}
    originals: list[tuple[int, Told]] = []
    for part in parts:
        for told in answer_part(part, work, lambda: suggester):
            if told.key in earliest:
                exact[part.number][told.row] = earliest[told.key]
            else:
                originals.append((part.number, told))
            earliest.setdefault(told.key, told.name)
    with tempfile.TemporaryFile(buffering=0) as sketches:
        sketches.write(b"".join(told.sketch for _, told in originals))
        alike = earliest_alike(sketches)
    for (number, told), at in zip(originals, alike.tolist(), strict=True):
        if at >= 0:
            nearly[number][told.row] = originals[at][1].name
    return exact, nearly


@pytest.mark.parametrize("most", [1, 7, 60])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_parts_put_together_are_the_file_of_one_run(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester, most: int, suffix: str
) -> None:
    work = _work(backlog, tmp_path / "scratch", suffix)
    parts = parts_in(work.scratch / "staged.parquet", most)
    assert [part.rows.rows for part in parts[:-1]] == [most] * (len(parts) - 1)
    exact, nearly = _repeats(parts, work, suggester)
    assert any(nearly.values())
    # In any order: a part does not depend on those before it.
    tallies = {part.number: write_part(part, work, exact[part.number], nearly[part.number]) for part in reversed(parts)}
    lines = lines_of(tmp_path / f"out{suffix}", work.headings)
    assert lines is not None
    together = [lines.opening(), *((work.written / f"{part.name}{suffix}").read_bytes() for part in parts)]
    target = tmp_path / f"out{suffix}"
    report = run_batch(BatchRequest(backlog, target, "small"), places, suggester)
    assert b"".join(together) == target.read_bytes()
    for name in ("errors", "automatic", "manual", "duplicates", "near_duplicates"):
        assert sum(getattr(tally, name) for tally in tallies.values()) == getattr(report, name)


def test_an_answered_part_is_not_answered_again(backlog: Path, tmp_path: Path, suggester: Suggester) -> None:
    work = _work(backlog, tmp_path / "scratch", ".csv")
    (part,) = parts_in(work.scratch / "staged.parquet")
    told = list(answer_part(part, work, lambda: suggester))

    def refuse() -> Suggester:
        raise AssertionError("opened for a part that is answered")

    assert list(answer_part(part, work, refuse)) == told
    assert len(told) == 60 - 9


def test_a_part_that_fails_leaves_nothing(backlog: Path, tmp_path: Path, suggester: Suggester) -> None:
    work = _work(backlog, tmp_path / "scratch", ".csv")
    (part,) = parts_in(work.scratch / "staged.parquet")
    raw = bytearray((work.scratch / "staged.parquet").read_bytes())
    raw[4:200] = b"x" * 196
    (work.scratch / "staged.parquet").write_bytes(raw)
    with pytest.raises(Exception, match="已损坏"):
        list(answer_part(part, work, lambda: suggester))
    assert list(work.answers.iterdir()) == []
