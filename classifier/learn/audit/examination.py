"""The audit itself: files in, remarks out, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from classifier.catalogue.ledger import Ledger
from classifier.errors import WrongCellError
from classifier.learn.audit.confusable import confusable
from classifier.learn.audit.doubts import doubts
from classifier.learn.audit.drift import drift
from classifier.learn.audit.opinions import Opinions, Progress, hold_out
from classifier.learn.audit.remarks import Audit, Problem, Remark
from classifier.learn.audit.rows import ENOUGH, repeated, short, thin, unknown_departments
from classifier.learn.dataset import Labelled, scan_labelled
from classifier.learn.duplicates import near_duplicates
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import said


def audit_files(
    paths: Sequence[Path],
    ledger: Ledger,
    enough: int = ENOUGH,
    base: Suggester | None = None,
    progress: Progress = lambda _what, _share: None,
) -> Audit:
    """Audit files of labelled complaints; a row that cannot be read is a remark, not an end.

    Args:
        paths: the files.
        ledger: whose categories and departments their labels name.
        enough: complaints that a category should have.
        base: the ledger with a model; without it labels are not doubted, and nothing is said of confusable categories,
            of wording and of how well labels can be foretold.
        progress: told how far the model's part is.

    Raises:
        TableError: a file cannot be read at all, or has no column of texts or of categories.
    """
    rows: list[Labelled] = []
    wrong: list[Remark] = []
    for path in paths:
        for row in scan_labelled(path, ledger):
            if isinstance(row, WrongCellError):
                problem = Problem.UNKNOWN_CATEGORY if row.column == "category" else Problem.UNREADABLE
                wrong.append(Remark(problem, f"{path.name}:{row.row}", detail=row.problem))
            else:
                rows.append(row)
    audit = audit_rows(rows, ledger, enough, base, progress)
    return replace(audit, rows=len(rows) + len(wrong), remarks=_worst_first([*wrong, *audit.remarks]))


def audit_rows(
    rows: Sequence[Labelled],
    ledger: Ledger,
    enough: int = ENOUGH,
    base: Suggester | None = None,
    progress: Progress = lambda _what, _share: None,
) -> Audit:
    """Audit labelled complaints as `audit_files` does those of files."""
    texts = [said(row.complaint) for row in rows]
    pairs = list(near_duplicates(texts))
    found = [
        *unknown_departments(rows),
        *repeated(rows, pairs, ledger),
        *short(rows, texts, ledger),
        *thin(rows, ledger, enough),
    ]
    opinions = hold_out(base, rows, pairs, progress) if base is not None and rows else None
    if opinions is not None:
        found += _by_model(opinions, rows, ledger)
    found += drift(rows, opinions, ledger.categories)
    notes = tuple(_notes(opinions)) if opinions is not None else ()
    return Audit(len(rows), len(ledger.categories.leaves_in_use), _worst_first(found), notes)


def _worst_first(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    order = list(Problem)
    return tuple(sorted(remarks, key=lambda remark: order.index(remark.problem)))


def _by_model(opinions: Opinions, rows: Sequence[Labelled], ledger: Ledger) -> Iterator[Remark]:
    for at, fault in opinions.faults.items():
        yield Remark(Problem.UNREADABLE, rows[at].source, rows[at].complaint.id, detail=fault)
    yield from doubts(opinions, rows, ledger.categories)
    yield from confusable(opinions, ledger.categories)


def _notes(opinions: Opinions) -> Iterator[str]:
    asked = opinions.asked
    if len(asked):
        right = float((opinions.best[asked] == opinions.given[asked]).mean())
        yield f"已用未见过该件的模型复核 {len(asked)} 件，与所给类别相符 {right:.1%}"
    if opinions.skipped:
        yield f"{opinions.skipped} 件未复核：模型没有记下自己学过哪些件；请先重新训练（fenban train），再检查"
