"""A ledger's tables revised from a spreadsheet: checked whole, tried on recent tickets, then put in place.

The former table is kept beside the jobs' files. A change is in force in every process within seconds, as any other
change of a ledger's files.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import sqlalchemy as sa

from classifier.catalogue.ledger import COLUMNS, Ledger, inspect_ledger
from classifier.domain import Complaint
from classifier.errors import CatalogueError, FenbanError, InputError
from classifier.files.reading import open_source
from classifier.registry.bundle import sync_folder
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from service import audit
from service.domain import Caller
from service.store import tables
from service.store.database import Store, now
from service.uploads import JobFiles

TABLES: Final = tuple(name.removesuffix(".csv") for name in COLUMNS)
_TRIED: Final = 500
_SHOWN: Final = 20
_A_MONTH: Final = dt.timedelta(days=31)
_ONE_AT_A_TIME: Final = threading.Lock()


class LedgerReadOnlyError(InputError):
    """The ledger's folder cannot be written to."""

    code = "ledger_read_only"

    def __init__(self, ledger: str) -> None:
        super().__init__(f"台账“{ledger}”的文件夹不可写：请让运行服务的用户可以写入，或在服务器上直接修改该表")


@dataclass(frozen=True, slots=True)
class Moved:
    """A recent ticket whose lead or category a change would alter."""

    ticket: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What a change of a table would do, or did: its rows, what deserves a look, and how recent tickets would go.

    `tickets` is how many were tried, the latest of the last month whose texts are kept; `otherwise` of them would be
    dispatched otherwise, and `moved` shows some of these.
    """

    table: str
    rows: int
    warnings: tuple[str, ...]
    tickets: int
    otherwise: int
    moved: tuple[Moved, ...]
    replaced: bool


def revise(
    store: Store,
    places: Places,
    data: Path,
    suggester: Suggester,
    table: str,
    upload: tuple[str, BinaryIO],
    caller: Caller,
    *,
    trial: bool,
) -> Revision:
    """Check a table, try it on recent tickets, and put it in place unless this is only a trial.

    Args:
        store: where recent tickets are, and the audit log.
        places: where ledgers are.
        data: the service's folder, where the former table is kept.
        suggester: of the ledger as it is.
        table: which one, of `TABLES`.
        upload: the name and content of a CSV in any encoding, or a spreadsheet.
        caller: who does it, for the audit log.
        trial: change nothing.

    Raises:
        TableError, UnsupportedFormatError: the upload cannot be read.
        CatalogueError: with it the ledger's tables would be wrong; says where, by row.
        LedgerReadOnlyError: the table cannot be written.
    """
    ledger = suggester.ledger
    with _ONE_AT_A_TIME, _draft(ledger, data) as draft:
        rows = _convert(*upload, draft / f"{table}.csv", data)
        revised, findings = inspect_ledger(str(draft), places.ledgers)
        errors = [one for one in findings if one.severity == "error"]
        if errors:
            raise CatalogueError(ledger.name, errors)
        tried, moved = _try(store, suggester, Suggester(revised, suggester.model, suggester.pipeline))
        if not trial:
            _put(ledger, table, draft / f"{table}.csv", data)
            with store.writing() as connection:
                audit.note(connection, caller, "table_replaced", table, ledger.name, {"rows": rows})
    warnings = tuple(str(one) for one in findings if one.file == f"{table}.csv")
    return Revision(table, rows, warnings, tried, len(moved), tuple(moved[:_SHOWN]), not trial)


@contextmanager
def _draft(ledger: Ledger, data: Path) -> Iterator[Path]:
    """Give a copy of the ledger's folder, without its complaints."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        draft = Path(folder) / ledger.folder.name
        draft.mkdir()
        for name in ("ledger.toml", *COLUMNS):
            if (ledger.folder / name).is_file():
                shutil.copyfile(ledger.folder / name, draft / name)
        yield draft


def _convert(name: str, content: BinaryIO, target: Path, data: Path) -> int:
    """Write an uploaded table as the CSV that a ledger keeps, and return its number of rows."""
    with tempfile.TemporaryDirectory(dir=data) as folder:
        path, _ = JobFiles(Path(folder)).save("table", 0, name, content)
        source = open_source(path)
        rows = 0
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(source.columns)
            for _, cells in source.rows:
                writer.writerow("" if cell is None else str(cell) for cell in cells)
                rows += 1
    return rows


def _put(ledger: Ledger, table: str, draft: Path, data: Path) -> None:
    """Put a table in place whole or not at all; the former one is kept."""
    place = ledger.folder / draft.name
    kept = data / "revisions" / ledger.name
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    if place.is_file():
        shutil.copyfile(place, kept / f"{table}-{now():%Y%m%d-%H%M%S-%f}.csv")
    beside = place.with_name(f".{draft.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(draft.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        sync_folder(place.parent)
    except OSError as error:
        with suppress(OSError):  # where nothing can be written, nothing can be removed either
            beside.unlink(missing_ok=True)
        raise LedgerReadOnlyError(ledger.name) from error


def _try(store: Store, present: Suggester, revised: Suggester) -> tuple[int, list[Moved]]:
    """Suggest for recent tickets as the ledger is and as it would be, and return how many, and those that differ."""
    table = tables.tickets
    columns = (table.c.id, table.c.title, table.c.text, table.c.day)
    recent = (
        sa.select(*columns)
        .where(table.c.ledger == present.ledger.name, table.c.text.is_not(None), table.c.recorded >= now() - _A_MONTH)
        .order_by(table.c.no.desc())
        .limit(_TRIED)
    )
    with store.reading() as connection:
        rows = connection.execute(recent).all()
    moved, counted = list[Moved](), Counter[str]()
    for name, title, text, day in rows:
        complaint = Complaint(text, title or "", date=dt.date.fromisoformat(day))
        try:
            before, after = (_dispatch(one, complaint) for one in (present, revised))
        except FenbanError:
            continue
        counted["tried"] += 1
        if before != after:
            moved.append(Moved(name, before, after))
    return counted["tried"], moved


def _dispatch(suggester: Suggester, complaint: Complaint) -> str:
    suggestion = suggester.suggest(complaint, with_evidence=False)
    lead = suggestion.departments[0].department.name if suggestion.departments else "待人工指定"
    return f"{suggestion.categories[0].category.path}，{lead}"
