"""A small real classifier, trained once for all tests, and folders to keep models in."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.desk import build_base, open_desk
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

LEDGERS = Path(__file__).parent / "tests" / "ledgers"


@pytest.fixture(scope="session")
def ledgers() -> Path:
    return LEDGERS


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Where the small ledgers and a built model of theirs are; tests must not write there."""
    models = tmp_path_factory.mktemp("models")
    build_base(load_ledger("small", LEDGERS), Registry((models,)))
    return Places(LEDGERS, (models,))


@pytest.fixture(scope="session")
def small_ledger(ledgers: Path) -> Ledger:
    return load_ledger("small", ledgers)


@pytest.fixture(scope="session")
def suggester(places: Places) -> Suggester:
    return open_desk(places, "small")


@pytest.fixture(scope="session")
def child_suggester(places: Places) -> Suggester:
    return open_desk(places, "child")


@pytest.fixture
def own_places(places: Places, tmp_path: Path) -> Places:
    """Keeps new versions of its own above the shared model."""
    return Places(places.ledgers, (tmp_path / "models", *places.models))
