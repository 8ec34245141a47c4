"""Parts, however a table is divided, put together are what one run over the whole writes."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from classifier.batch.columns import output_columns
from classifier.batch.parts import Part, Work, answer_part, parts_in, stage, write_part
from classifier.batch.run import BatchRequest, run_batch
from classifier.files.columns import recognise
from classifier.files.reading import open_source
from classifier.files.writing import lines_of
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

TEXTS = ("路灯坏了没人修", "老板拖欠工资半年不给", "", '"路面有坑"，\n车过不去', "=1+1路灯不亮")


@pytest.fixture
def backlog(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("编号", "内容"), *((at if at % 3 else "", TEXTS[at % 5]) for at in range(60))])
    return path


def _work(backlog: Path, scratch: Path, suffix: str) -> Work:
    source = open_source(backlog)
    for name in ("answers", "written"):
        (scratch / name).mkdir(parents=True)
    stage(source, scratch / "staged.parquet")
    headings = tuple(output_columns(source.columns))
    return Work(scratch, recognise(source.columns, backlog), headings, dt.date.today(), suffix, numbered=True)


def _repeats(parts: list[Part], work: Work, suggester: Suggester) -> dict[int, dict[int, str]]:
    earliest: dict[int, str] = {}
    found: dict[int, dict[int, str]] = {part.number: {} for part in parts}
    for part in parts:
        for row, key, name in answer_part(part, work, lambda: suggester):
            if key in earliest:
                found[part.number][row] = earliest[key]
            earliest.setdefault(key, name)
    return found


@pytest.mark.parametrize("most", [1, 7, 60])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_parts_put_together_are_the_file_of_one_run(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester, most: int, suffix: str
) -> None:
    work = _work(backlog, tmp_path / "scratch", suffix)
    parts = parts_in(work.scratch / "staged.parquet", most)
    assert [part.rows.rows for part in parts[:-1]] == [most] * (len(parts) - 1)
    repeats = _repeats(parts, work, suggester)
    # In any order: a part does not depend on those before it.
    tallies = {part.number: write_part(part, work, repeats[part.number]) for part in reversed(parts)}
    lines = lines_of(tmp_path / f"out{suffix}", work.headings)
    assert lines is not None
    together = [lines.opening(), *((work.written / f"{part.name}{suffix}").read_bytes() for part in parts)]
    target = tmp_path / f"out{suffix}"
    report = run_batch(BatchRequest(backlog, target, "small"), places, suggester)
    assert b"".join(together) == target.read_bytes()
    for name in ("errors", "automatic", "manual", "duplicates"):
        assert sum(getattr(tally, name) for tally in tallies.values()) == getattr(report, name)


def test_an_answered_part_is_not_answered_again(backlog: Path, tmp_path: Path, suggester: Suggester) -> None:
    work = _work(backlog, tmp_path / "scratch", ".csv")
    (part,) = parts_in(work.scratch / "staged.parquet")
    told = list(answer_part(part, work, lambda: suggester))

    def refuse() -> Suggester:
        raise AssertionError("opened for a part that is answered")

    assert list(answer_part(part, work, refuse)) == told
    assert len(told) == 60 - 12


def test_a_part_that_fails_leaves_nothing(backlog: Path, tmp_path: Path, suggester: Suggester) -> None:
    work = _work(backlog, tmp_path / "scratch", ".csv")
    (part,) = parts_in(work.scratch / "staged.parquet")
    raw = bytearray((work.scratch / "staged.parquet").read_bytes())
    raw[4:200] = b"x" * 196
    (work.scratch / "staged.parquet").write_bytes(raw)
    with pytest.raises(Exception, match="已损坏"):
        list(answer_part(part, work, lambda: suggester))
    assert list(work.answers.iterdir()) == []
