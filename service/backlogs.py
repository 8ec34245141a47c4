"""A backlog as a job: `fenban batch` on the uploaded file, continued from its last finished chunk after a crash."""

from __future__ import annotations

import dataclasses
from typing import Any

from classifier.batch.run import BatchRequest, run_batch
from classifier.desk import open_desk
from classifier.errors import CannotResumeError
from service.worker import Underway


def work_backlog(underway: Underway) -> dict[str, Any]:
    """Suggest for every row of the job's file and return the counts and the model's name.

    The version in use when the job began is the one it ends with. Where the ledger's tables have changed since it was
    cut off, it begins anew: one result never mixes two.

    Raises:
        LeftError: the job is to be left; what is finished stays for whoever goes on.
        FenbanError: the file cannot be read, or there is no model.
    """
    job, places = underway.job, underway.settings.places
    version = job.options.get("version") or None
    suggester = open_desk(places, job.ledger, version)
    if version is None:
        underway.settle(version=suggester.model.name.split("/")[-1])
    (source,) = underway.files.inputs(job.id)
    request = BatchRequest(
        source=source,
        target=underway.files.result(job.id, job.options["suffix"]),
        ledger=job.ledger,
        version=suggester.model.name.split("/")[-1],
        text_column=job.options.get("text_column") or None,
        title_column=job.options.get("title_column") or None,
        headers=job.options.get("headers", "en"),
        encoding=job.options.get("encoding") or None,
        sheet=job.options.get("sheet") or None,
        resume=True,
    )

    def progress(done: int, total: int) -> None:
        underway.report("分办", done / total if total else 1.0, done)

    try:
        report = run_batch(request, places, suggester, progress)
    except CannotResumeError:
        report = run_batch(dataclasses.replace(request, resume=False), places, suggester, progress)
    return {**dataclasses.asdict(report), "model": suggester.model.name}
