"""Labelled complaints as a model is trained on them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.catalogue.categories import CategoryTree
from classifier.catalogue.ledger import Ledger
from classifier.catalogue.tables import Finding, Severity
from classifier.domain import Complaint, Kind
from classifier.errors import MissingColumnError, TableError, UnknownCategoryError, WrongCellError
from classifier.files.columns import KnownColumns, parse_day, recognise
from classifier.files.reading import open_source
from classifier.files.source import Cells, ReadAs, Source


@dataclass(frozen=True, slots=True)
class Labelled:
    """A complaint with its labels; `categories` are codes of leaves, the first one the main matter.

    `department` is the code of who handled it in the end, or empty; `returned_by` the codes of those who returned it
    (退单) before; `kind` may be None. `source` names file and row. `unknown_departments` are names in the row that the
    ledger's directory does not have: nothing is learnt of them.
    """

    complaint: Complaint
    categories: tuple[str, ...]
    department: str = ""
    kind: Kind | None = None
    source: str = ""
    returned_by: tuple[str, ...] = ()
    unknown_departments: tuple[str, ...] = ()


def read_labelled(path: Path, ledger: Ledger) -> list[Labelled]:
    """Read a file of labelled complaints: CSV, XLSX, XLS or JSONL, columns by the names offices use.

    Raises:
        WrongCellError: a label is not in the ledger, or a text is empty; names row and column.
        TableError: the file cannot be read, or has no column of texts or of categories.
    """
    return list(LabelledFiles(ledger, (path,)))


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Labelled complaints of a ledger's folder and of other files, read anew each time they are gone through."""

    ledger: Ledger
    paths: tuple[Path, ...]

    def __iter__(self) -> Iterator[Labelled]:
        """Yield the rows, one in memory at a time.

        Raises:
            WrongCellError, TableError: as `read_labelled`.
        """
        for path in self.paths:
            for row in scan_labelled(path, self.ledger):
                if isinstance(row, WrongCellError):
                    raise row
                yield row


def check_labels(path: Path, ledger: Ledger) -> None:
    """Look whether a file of labelled complaints can be read to its end, one row in memory at a time.

    Raises:
        WrongCellError, TableError: as `read_labelled`.
    """
    for _ in LabelledFiles(ledger, (path,)):
        pass


@dataclass(frozen=True, slots=True)
class Together:
    """Several sources of labelled complaints, one after another, as often as they are gone through."""

    sources: tuple[Iterable[Labelled], ...]

    def __iter__(self) -> Iterator[Labelled]:
        """Yield the rows of each source."""
        for source in self.sources:
            yield from source


def scan_labelled(path: Path, ledger: Ledger) -> Iterator[Labelled | WrongCellError]:
    """Read as `read_labelled` does, but yield what is wrong with a row in the row's place and go on.

    Raises:
        TableError: the file cannot be read, or has no column of texts or of categories.
    """
    source, columns = _open_labelled(path)
    for number, cells in source.rows:
        try:
            yield _label(_Cells(path, number, cells, columns), ledger)
        except WrongCellError as error:
            yield error


def check_audited(path: Path) -> None:
    """Look whether a file has what an audit needs, whatever is wrong with its rows.

    Raises:
        TableError: it cannot be read, or has no column of texts or of categories.
    """
    _open_labelled(path)


def _open_labelled(path: Path) -> tuple[Source, KnownColumns]:
    source = open_source(path)
    columns = recognise(source.columns, path)
    if columns.category is None:
        raise MissingColumnError(path, "category", source.columns, "训练和评估需要每行的类别")
    return source, columns


def read_unlabelled(path: Path, text_column: str | None = None, title_column: str | None = None) -> Iterator[Complaint]:
    """Yield the complaints of a backlog file, title and text alone, one row at a time.

    Raises:
        TableError: the file cannot be read, or has no column of texts.
    """
    source = open_source(path, ReadAs(text_column))
    columns = recognise(source.columns, path, text_column, title_column)
    for number, cells in source.rows:
        row = _Cells(path, number, cells, columns)
        yield Complaint(row["text"], row["title"])


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row with the places of its columns."""

    path: Path
    number: int
    cells: Cells
    columns: KnownColumns

    def __getitem__(self, column: str) -> str:
        at = getattr(self.columns, column)
        return "" if at is None or self.cells[at] is None else str(self.cells[at]).strip()

    def wrong(self, column: str, problem: str) -> WrongCellError:
        return WrongCellError(self.path, problem, row=self.number, column=column)


def _label(row: _Cells, ledger: Ledger) -> Labelled:
    """Turn one row into a labelled complaint, or say what is wrong with it."""
    if not row["text"] and not row["title"]:
        raise row.wrong("text", "没有正文")
    try:
        given = [part for part in row["category"].split("|") if part.strip()]
        categories = tuple(find_leaf(ledger.categories, part) for part in given)
    except UnknownCategoryError as error:
        raise row.wrong("category", str(error)) from error
    if not categories:
        raise row.wrong("category", "没有类别")
    returned_by = [part.strip() for part in row["returned_by"].split("|") if part.strip()]
    named = [row["department"], *returned_by] if row["department"] else returned_by
    department = ledger.departments.get(row["department"])
    returned = [found.code for name in returned_by if (found := ledger.departments.get(name))]
    if row["kind"] and row["kind"] not in list(Kind):
        raise row.wrong("kind", f"“{row['kind']}”不是诉求类型；可用：{'、'.join(Kind)}")
    return Labelled(
        Complaint(row["text"], row["title"], row["region"], parse_day(row["date"]), row["id"]),
        categories,
        department.code if department else "",
        Kind(row["kind"]) if row["kind"] else None,
        f"{row.path.name}:{row.number}",
        tuple(dict.fromkeys(returned)),
        tuple(dict.fromkeys(name for name in named if ledger.departments.get(name) is None)),
    )


def find_leaf(categories: CategoryTree, given: str) -> str:
    """Return the code of a lowest category given by code, name or path.

    Raises:
        UnknownCategoryError: there is none, or it has categories below it.
    """
    category = categories.find(given)
    below = [one for one in categories if one.parent == category.code]
    if below:
        raise UnknownCategoryError(given, [one.path for one in below][:3])
    return category.code


def ledger_complaints(ledger: Ledger) -> list[Labelled]:
    """Read all labelled complaints that a ledger's own folder holds."""
    return [row for path in ledger.complaint_files for row in read_labelled(path, ledger)]


def unknown_departments(rows: Iterable[Labelled]) -> dict[str, int]:
    """Return the departments that rows name and the ledger does not know, with in how many rows, the most first."""
    return dict(Counter(name for row in rows for name in row.unknown_departments).most_common())


def label_findings(ledger: Ledger) -> list[Finding]:
    """Return what is wrong with the labels of a ledger's own complaints."""
    findings: list[Finding] = []
    for path in ledger.complaint_files:
        faults: list[TableError] = []
        rows: list[Labelled] = []
        try:
            for row in scan_labelled(path, ledger):
                if isinstance(row, WrongCellError):
                    faults.append(row)
                else:
                    rows.append(row)
        except TableError as error:
            faults.append(error)
        name = f"complaints/{path.name}"
        findings += [Finding(name, fault.row or 0, fault.column, fault.problem) for fault in faults]
        for department, count in unknown_departments(rows).items():
            told = f"没有部门“{department}”，{count} 行训练时不计这个部门；请改正，或在 departments.csv 中加为别名"
            findings.append(Finding(name, 0, "department", told, Severity.WARNING))
    return findings


def corpus_fingerprint(rows: Iterable[Labelled]) -> str:
    """SHA-256 over texts and labels; equal corpora have equal fingerprints."""
    digest = hashlib.sha256()
    for row in rows:
        parts: Sequence[str] = (row.complaint.title, row.complaint.text, "|".join(row.categories), row.department)
        digest.update("\0".join(parts).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
