"""What a steward does with models: train, adapt, compare, promote. A new version is a candidate until it is proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, Final

from classifier.catalogue.ledger import Ledger
from classifier.desk import build_base, load_model, open_desk, silent, store, version_in_use
from classifier.domain import Complaint
from classifier.errors import (
    EmptyBacklogError,
    ModelNotFoundError,
    NothingToCompareError,
    NothingToRollBackError,
    PromotionRefusedError,
)
from classifier.learn.adaptation import Adaptation, compare, judge_adaptation
from classifier.learn.backlog import sample_backlog
from classifier.learn.dataset import Labelled, LabelledFiles, Together, corpus_fingerprint, ledger_complaints
from classifier.learn.evaluation import department_names
from classifier.learn.figures import measure
from classifier.learn.gate import Comparison, Verdict, compare_answers, judge
from classifier.learn.local import MOST_EXACT, learn, local_facts
from classifier.learn.proof import shared_answers
from classifier.learn.proving import both, compared, megabytes, milliseconds, told
from classifier.learn.report import Report, monthly_rows
from classifier.learn.stream import learn_many
from classifier.learn.timeline import timeline
from classifier.learn.training import Progress, Trained, train
from classifier.registry.versions import Registry, Version
from classifier.settings import Places
from classifier.suggest.local import PREFIX as LOCAL_FILES
from classifier.suggest.suggester import Suggester

_REPORTED: Final = ("rows", "curve", "newest", "trials", "timeline", "comparison", "gate")
"""Facts of a manifest that its report tells."""


def train_version(
    ledger: Ledger,
    places: Places,
    rows: Iterable[Labelled] = (),
    progress: Progress = silent,
    most_exact: int = MOST_EXACT,
    budget: float = 0,
) -> tuple[Version, Trained]:
    """Train a ledger on its own folder's complaints and on `rows`; the version is stored as a candidate.

    A base ledger without `rows` is built anew from its complaints. Everything else is learnt on top of the model
    in use, which stays as it is. The facts say how the candidate compares with the version in use. `rows` are gone
    through several times, one in memory at a time where there are more than `most_exact`. `budget` is in seconds, for
    a search for better settings.

    Raises:
        NoLabelledDataError: there is nothing to train on.
        ModelNotFoundError: the base has no labelled complaints to train on.
    """
    registry = Registry(places.models)
    before = version_in_use(registry, ledger)
    if ledger.parent is None and not any(True for _ in rows):
        judged: Sequence[Labelled] = ledger_complaints(ledger)
        trained = train(ledger, judged, progress=progress)
        used = Suggester(ledger, load_model(before)) if before is not None else None
    else:
        before = before or build_base(ledger, registry, progress)
        used = Suggester(ledger, load_model(before))
        own = () if ledger.parent is None else LabelledFiles(ledger, tuple(ledger.complaint_files))
        labelled = Together((own, rows))
        trained, judged = _train_local(used, before.manifest, labelled, before, progress, most_exact, budget)
    if used is not None:
        trained = _proven(trained, ledger, judged, used)
    with registry.building(ledger.name):
        return store(trained, ledger, registry), trained


def _proven(trained: Trained, ledger: Ledger, rows: Sequence[Labelled], other: Suggester) -> Trained:
    """Compare a candidate with the version in use, and write its report; there is none where no row tells."""
    candidate = Suggester(ledger, trained.model)
    found = compared(rows, candidate, other)
    if found is None:
        return trained
    judged, after, comparison = found
    comparison = replace(comparison, candidate="")  # it has no name yet
    gate = judge(comparison, ledger.settings.allowed_fall)
    figures = measure(after, department_names(judged, candidate))
    facts = {
        **trained.facts,
        "timeline": told(timeline([row.complaint.date for row in judged], after)),
        "comparison": asdict(comparison),
        "gate": asdict(gate),
        "metrics": {
            **trained.facts["metrics"],
            "accuracy": round(figures.accuracy, 4),
            "macro_f1": round(figures.macro_f1, 4),
            "calibration_error": round(figures.calibration_error, 4),
        },
    }
    report = Report(
        ledger.settings.title,
        "",
        facts["created"],
        figures,
        {name: facts[name] for name in _REPORTED if name in facts},
        tuple(judged[at].source for at in comparison.changed),
        monthly_rows([row.complaint.date for row in rows], trained.facts["rows"]["own"] or len(rows)),
        megabytes=megabytes(trained.model),
        milliseconds=milliseconds(candidate, judged),
        departments=both(facts["metrics"].get("department_accuracy"), facts["metrics"].get("department_top3")),
    )
    return replace(trained, facts=facts, report=report)


def _train_local(
    used: Suggester,
    facts: Mapping[str, Any],
    rows: Iterable[Labelled],
    under: Version | None,
    progress: Progress,
    most_exact: int = MOST_EXACT,
    budget: float = 0,
) -> tuple[Trained, Sequence[Labelled]]:
    """Learn from a ledger's own labels on top of the base that is `used`, stored as `under` or not at all yet.

    Returns the rows by which the outcome can be judged as well: all of them where they were solved exactly, those held
    out where there are more.
    """
    base, ledger = used.without_local(), used.ledger
    judged: Sequence[Labelled] = list(islice(rows, most_exact + 1))
    total = len(judged)
    if total <= most_exact:
        learning = learn(base, judged, progress=progress, budget=budget)
    else:
        streamed = learn_many(base, rows, progress=progress, most_exact=most_exact, budget=budget)
        learning, judged, total = streamed.learning, streamed.held_out, streamed.rows
    added = local_facts(ledger, learning)
    added["rows"] = {**facts["rows"], "own": total}
    added["corpus"] = {**facts["corpus"], "own": corpus_fingerprint(rows)}
    kept = {name: fact for name, fact in facts.items() if name not in ("comparison", "gate", "adaptation")}
    shared = under.files(LOCAL_FILES) if under else ()
    return Trained(base.model.with_local(learning.local), {**kept, **added}, shared), judged


def adapt_version(
    ledger: Ledger, places: Places, complaints: Iterable[Complaint], progress: Progress = silent
) -> tuple[Version, Adaptation]:
    """Fit the base model to a backlog of unlabelled complaints; the version is stored as a candidate.

    What the ledger's own folder holds of labelled complaints is learnt on top of it; labels given to an earlier
    training in other files are not part of a version, train on them again after this.

    Raises:
        EmptyBacklogError: the backlog has no complaint with a text.
        ModelNotFoundError: the base has no labelled complaints to train on.
    """
    count, sample = sample_backlog(complaints)
    if not sample:
        raise EmptyBacklogError
    before = open_desk(places, ledger.name, progress=progress)
    trained = train(ledger, ledger_complaints(ledger.base), sample, progress=progress)
    own = [] if ledger.parent is None else ledger_complaints(ledger)
    if own:
        trained, _ = _train_local(Suggester(ledger, trained.model), trained.facts, own, None, progress)
    report = compare(count, sample, before, Suggester(ledger, trained.model))
    trained.facts["adaptation"] = asdict(report)
    registry = Registry(places.models)
    with registry.building(ledger.name):
        return store(trained, ledger, registry), report


def compare_on(rows: Sequence[Labelled], candidate: Suggester, other: Suggester) -> Comparison:
    """Compare two versions on an even part of labelled rows, each by what it says of rows it has not learnt from.

    Raises:
        NothingToCompareError: one of them learnt from each of the rows and kept no answer from before.
    """
    found = compared(rows, candidate, other)
    if found is None:
        raise NothingToCompareError(candidate.model.name, other.model.name)
    return found[2]


def compare_versions(ledger: Ledger, places: Places, name: str, other: str, rows: Sequence[Labelled]) -> Comparison:
    """Compare two stored versions on `rows`, or on what both learnt from where none are given.

    Raises:
        ModelNotFoundError: one of them is not there.
        NothingToCompareError: no rows are given and the two share none, or they learnt from all that are given.
    """
    registry = Registry(places.models)
    first, second = (
        Suggester(ledger, load_model(version))
        for version in (_find(registry, ledger, name), _find(registry, ledger, other))
    )
    if rows:
        return compare_on(rows, first, second)
    after, before = shared_answers(first, second)
    if not len(after.truth):
        raise NothingToCompareError(first.model.name, second.model.name)
    return compare_answers(first.model.name, after, second.model.name, before)


def promote_version(
    ledger: Ledger,
    places: Places,
    name: str,
    *,
    forced: bool = False,
    reason: str = "",
    verdict: Verdict | None = None,
) -> Version:
    """Put a candidate in use if the gate lets it pass, or a person forces it.

    A candidate that was never compared with the version in use now is compared on what both learnt from; an adaptation
    without labels is judged by whether there was anything to learn. Where there is nothing to judge by the person who
    asks for it decides. `verdict` is what the gate has just said, where it was asked already.

    Raises:
        ModelNotFoundError: there is no such version.
        PromotionRefusedError: the gate refuses it.
        BundleError: it cannot be loaded.
    """
    registry = Registry(places.models)
    version = registry.find(ledger.name, name)
    load_model(version)
    if not version.in_use:
        verdict = verdict or verdict_on(ledger, places, version)
    refused = verdict is not None and not verdict.passed
    if verdict is not None and refused and not forced:
        raise PromotionRefusedError(f"{ledger.name}/{name}", verdict.findings)
    return registry.promote(ledger.name, name, forced=refused, reason=reason)


def rollback_version(ledger: Ledger, places: Places, reason: str = "") -> Version | None:
    """Put back in use what was before the version in use; None where that is the model of the ledger above.

    Raises:
        NothingToRollBackError: what was before is not known or is gone, or a base ledger would be left without a model.
    """
    registry = Registry(places.models)
    used = version_in_use(registry, ledger)
    if ledger.parent is None and used is not None and not registry.before(ledger.name, used.name):
        raise NothingToRollBackError(ledger.name, used.name)
    return registry.rollback(ledger.name, reason)


def verdict_on(ledger: Ledger, places: Places, version: Version) -> Verdict | None:
    """Return what the gate says of a candidate beside the version in use now; None where nothing tells."""
    registry = Registry(places.models)
    before = version_in_use(registry, ledger)
    if before is None or before.folder == version.folder:
        return None
    facts = version.manifest
    compared_with = facts.get("comparison", {}).get("other")
    if compared_with == f"{before.ledger}/{before.name}":
        return Verdict(bool(facts["gate"]["passed"]), tuple(facts["gate"]["findings"]))
    if "adaptation" in facts and not facts.get("local"):
        # What is known of held-out rows is of the base before it was fitted to the backlog.
        return judge_adaptation(Adaptation(**facts["adaptation"]))
    try:
        comparison = compare_versions(ledger, places, version.name, f"{before.ledger}/{before.name}", ())
    except NothingToCompareError:
        return None
    return judge(comparison, ledger.settings.allowed_fall)


def _find(registry: Registry, ledger: Ledger, name: str) -> Version:
    """Find a version of the ledger, or as `ledger/version` one of a ledger it starts from."""
    owner, _, version = name.rpartition("/")
    known = owner in {one.name for one in ledger.lineage}
    return registry.find(owner, version) if known else registry.find(ledger.name, name)


def version_used(ledger: Ledger, places: Places) -> str:
    """Return the name of the version in use, of the ledger or of one it starts from, as `ledger/version`.

    Raises:
        ModelNotFoundError: none is in use.
    """
    used = version_in_use(Registry(places.models), ledger)
    if used is None:
        raise ModelNotFoundError(ledger.name)
    return used.name if used.ledger == ledger.name else f"{used.ledger}/{used.name}"
