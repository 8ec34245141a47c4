"""Put a ledger and a model together: what every command and the service begin with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threadpoolctl import threadpool_limits

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.errors import BundleIncompatibleError, ModelNotFoundError
from classifier.registry.bundle import read_bundle, write_bundle
from classifier.registry.versions import Registry, Version
from classifier.settings import Places
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import TextPipeline

if TYPE_CHECKING:
    from classifier.learn.training import Progress, Trained

REPORT_JSON: Final = "report.json"
REPORT_HTML: Final = "report.html"
"""The report of a training, beside its model."""


def silent(_what: str, _share: float) -> None:
    """Report no progress."""


def open_desk(places: Places, ledger_name: str, version: str | None = None, progress: Progress = silent) -> Suggester:
    """Open a ledger with the named version of its model, or the one in use.

    A ledger without a version of its own uses that of the ledger it starts from. The base model is built
    from its labelled complaints where there is none yet.

    Raises:
        LedgerNotFoundError, CatalogueError: the ledger cannot be used.
        ModelNotFoundError: no such version, and none can be built.
        BundleError: the stored model cannot be used.
    """
    ledger = load_ledger(ledger_name, places.ledgers)
    registry = Registry(places.models)
    found = version_in_use(registry, ledger, version)
    if found is None:
        found = build_base(ledger, registry, progress)
    model = load_model(found)
    # One thread: sums made in the same order answer alike to the last digit, whichever process asks.
    with threadpool_limits(1, "blas"):
        return Suggester(ledger, model)


def load_model(version: Version) -> Model:
    """Read a version from disk.

    Raises:
        BundleCorruptError: a file is missing or not as written.
        BundleIncompatibleError: it was trained on texts read in another way.
    """
    bundle = read_bundle(version.folder)
    expected = TextPipeline().fingerprint
    if bundle.manifest.get("text") != expected:
        raise BundleIncompatibleError(version.folder, bundle.manifest.get("text"), expected)
    return Model.from_bundle(f"{version.ledger}/{version.name}", bundle)


def build_base(ledger: Ledger, registry: Registry, progress: Progress = silent) -> Version:
    """Train and promote the base's model, unless another process has done so meanwhile.

    Raises:
        ModelNotFoundError: the base has no labelled complaints to train on.
    """
    # Training and all it needs is loaded only where there is no model yet.
    from classifier.learn.dataset import ledger_complaints
    from classifier.learn.training import train

    base = ledger.base
    with registry.building(base.name):
        for version in registry.versions(base.name):
            if version.in_use:
                return version
        rows = ledger_complaints(base)
        if not rows:
            raise ModelNotFoundError(base.name)
        stored = store(train(base, rows, progress=progress), base, registry)
        return registry.promote(base.name, stored.name)


def store(trained: Trained, ledger: Ledger, registry: Registry) -> Version:
    """Write a trained model as the ledger's next version."""
    folder = registry.next_folder(ledger.name)
    entries, arrays, texts = trained.model.to_bundle()
    there = {path.stem for path in trained.shared}
    documents = {}
    if trained.report is not None:
        from classifier.learn.report import report_html, report_json

        report = replace(trained.report, model=f"{ledger.name}/{folder.name}")
        documents = {REPORT_JSON: report_json(report), REPORT_HTML: report_html(report)}
    write_bundle(
        folder,
        {**trained.facts, "version": folder.name, **entries},
        {name: array for name, array in arrays.items() if name not in there},
        {name: lines for name, lines in texts.items() if name not in there},
        trained.shared,
        documents,
    )
    return registry.find(ledger.name, folder.name)


def version_in_use(registry: Registry, ledger: Ledger, version: str | None = None) -> Version | None:
    """Find the version of the ledger or of the nearest it starts from; None where none is in use."""
    if version is not None:
        for one in ledger.lineage:
            if any(known.name == version for known in registry.versions(one.name)):
                return registry.find(one.name, version)
        raise ModelNotFoundError(ledger.name, version)
    for one in ledger.lineage:
        for known in registry.versions(one.name):
            if known.in_use:
                return known
    return None
