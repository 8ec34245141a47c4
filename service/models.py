"""Versions of a ledger's model: which there are, and switching between them, with a line in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from classifier.catalogue.ledger import Ledger
from classifier.errors import ModelNotFoundError
from classifier.learn.gate import Comparison, Verdict, judge
from classifier.registry.versions import Registry, Version
from classifier.settings import Places
from classifier.workshop import compare_versions, promote_version, rollback_version
from service import audit
from service.domain import Caller
from service.errors import VersionNotFoundError
from service.store.database import Store


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What is shown of a version."""

    version: str
    in_use: bool
    created: str | None
    rows: dict[str, int] | None
    metrics: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Switch:
    """A version put in use, and the one it replaced; None is none of the ledger's own."""

    ledger: str
    in_use: str | None
    before: str | None


@dataclass(frozen=True, slots=True)
class Shadow:
    """A version put in shadow, None where that has ended, and the one that was before."""

    ledger: str
    in_shadow: str | None
    before: str | None


def facts(version: Version) -> VersionFacts:
    """Read what is shown of a version from its manifest."""
    manifest = version.manifest
    return VersionFacts(
        version.name, version.in_use, manifest.get("created"), manifest.get("rows"), manifest.get("metrics")
    )


def find(registry: Registry, ledger: str, name: str) -> Version:
    """Return a version of the ledger's own.

    Raises:
        VersionNotFoundError: there is none of that name.
    """
    try:
        return registry.find(ledger, name)
    except ModelNotFoundError as error:
        raise VersionNotFoundError(ledger, name) from error


def promote(
    places: Places, store: Store, ledger: Ledger, name: str, caller: Caller, *, forced: bool = False, reason: str = ""
) -> Switch:
    """Put a version in use if the gate lets it pass, or it is forced; every process takes it up within seconds.

    Raises:
        VersionNotFoundError: there is none of that name.
        PromotionRefusedError: the gate refuses it.
        BundleError: it cannot be used.
    """
    registry = Registry(places.models)
    find(registry, ledger.name, name)
    present = _in_use(registry, ledger.name)
    version = promote_version(ledger, places, name, forced=forced, reason=reason or caller.name)
    switch = Switch(ledger.name, version.name, present)
    _note(store, "model_promoted", switch, caller)
    return switch


def shadow(places: Places, store: Store, ledger: str, name: str | None, caller: Caller) -> Shadow:
    """Put a version in shadow beside the one in use, or end that; a worker answers new tickets with it, too.

    Raises:
        VersionNotFoundError: there is none of that name.
    """
    registry = Registry(places.models)
    if name is not None:
        find(registry, ledger, name)
    before = registry.shadows().get(ledger)
    registry.shadow(ledger, name)
    with store.writing() as connection:
        audit.note(connection, caller, "model_shadowed", name or "", ledger, {"before": before})
    return Shadow(ledger, name, before)


def compare(places: Places, ledger: Ledger, name: str, other: str) -> tuple[Comparison, Verdict]:
    """Compare two versions on what both learnt from, each row as it was held out, and judge as the gate would.

    Raises:
        VersionNotFoundError: one of them is not there.
        NothingToCompareError: they share no rows.
    """
    registry = Registry(places.models)
    for one in (name, other):
        find(registry, ledger.name, one)
    comparison = compare_versions(ledger, places, name, other, [])
    return comparison, judge(comparison, ledger.settings.allowed_fall)


def rollback(places: Places, store: Store, ledger: Ledger, caller: Caller, leaving: str | None = None) -> Switch:
    """Go back to the version used before, or do nothing where `leaving` is not the one in use any more.

    A child ledger whose first version is left uses its parent's model again; a ledger that starts from none would be
    left without a model, so that is refused.

    Raises:
        VersionNotFoundError: the version to leave is not there.
        NothingToRollBackError: there is none to go back to.
    """
    registry = Registry(places.models)
    present = _in_use(registry, ledger.name)
    if leaving is not None and find(registry, ledger.name, leaving).name != present:
        return Switch(ledger.name, present, present)
    version = rollback_version(ledger, places, caller.name)
    switch = Switch(ledger.name, version.name if version else None, present)
    _note(store, "model_rolled_back", switch, caller)
    return switch


def _note(store: Store, action: str, switch: Switch, caller: Caller) -> None:
    with store.writing() as connection:
        audit.note(connection, caller, action, switch.in_use or "", switch.ledger, {"before": switch.before})


def _in_use(registry: Registry, ledger: str) -> str | None:
    return next((version.name for version in registry.versions(ledger) if version.in_use), None)
