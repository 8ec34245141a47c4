"""Audits of labels as jobs: what `fenban audit` finds in an uploaded file, or in what people decided on tickets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final

from classifier.catalogue.ledger import load_ledger
from classifier.desk import open_desk
from classifier.files.writing import written_whole
from classifier.learn.audit.corrections import write_remarks
from classifier.learn.audit.examination import audit_files, audit_rows
from classifier.learn.audit.remarks import Audit
from service.store.database import Store
from service.trainings import decided_rows
from service.worker import Underway, Work

SUFFIX: Final = ".xlsx"


def work_label_audit(store: Store) -> Work:
    """Return how labels are audited, with decisions from this store where no file was uploaded."""

    def work(underway: Underway) -> dict[str, Any]:
        """Audit and write the remarks as a workbook to correct in; return how many there are of each problem.

        One that was cut off begins anew.
        """
        job, places = underway.job, underway.settings.places
        ledger = load_ledger(job.ledger, places.ledgers)
        underway.report("读取标注", 0.0)
        base = open_desk(places, job.ledger)
        uploads = underway.files.inputs(job.id)
        if uploads:
            audit = audit_files(uploads, ledger, base=base, progress=underway.report)
            audit = _called(audit, uploads[0].name, job.options["name"] or "")
        else:
            audit = audit_rows(decided_rows(store, ledger), ledger, base=base, progress=underway.report)
        with written_whole(underway.files.result(job.id, SUFFIX)) as draft:
            write_remarks(draft, audit)
        return {
            "rows": audit.rows,
            "problems": {problem.value: count for problem, count in audit.counts.items()},
            "notes": list(audit.notes),
            "model": base.model.name,
        }

    return work


def _called(audit: Audit, stored: str, uploaded: str) -> Audit:
    """Name places by the file as its owner calls it, which is how corrections find their way back."""
    name = PurePath(uploaded.replace("\\", "/")).name or stored

    def place(source: str) -> str:
        return f"{name}{source.removeprefix(stored)}" if source.startswith(f"{stored}:") else source

    remarks = (replace(one, source=place(one.source), other=place(one.other)) for one in audit.remarks)
    return replace(audit, remarks=tuple(remarks))
