"""A new ledger is founded on another: its tables, its own name, none of its notes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifier.catalogue.founding import found_ledger
from classifier.catalogue.ledger import inspect_ledger, load_ledger
from classifier.cli import run
from classifier.errors import LedgerExistsError, LedgerNameError, LedgerNotFoundError

SHIPPED = Path(__file__).parents[3] / "training_data"


@pytest.fixture
def ledgers(tmp_path: Path) -> Path:
    for name in ("hotline", "jiawang"):
        shutil.copytree(SHIPPED / name, tmp_path / name, ignore=shutil.ignore_patterns("complaints"))
    return tmp_path


@pytest.mark.parametrize("source", ["jiawang", "hotline"])
def test_a_new_ledger_is_sound_and_called_as_asked(ledgers: Path, source: str) -> None:
    folder = found_ledger("beixiang", source, ledgers, '北乡"走访"台账')
    ledger, findings = inspect_ledger("beixiang", ledgers)
    assert findings == []
    assert (ledger.name, ledger.settings.title, ledger.settings.parent) == ("beixiang", '北乡"走访"台账', "hotline")
    assert "beixiang" in (folder / "README.md").read_text(encoding="utf-8")
    assert ledger.complaint_files == []


def test_a_copy_has_the_samples_tables_and_none_of_its_notes(ledgers: Path) -> None:
    folder = found_ledger("beixiang", "jiawang", ledgers)
    sample = load_ledger("jiawang", ledgers)
    made = load_ledger("beixiang", ledgers)
    assert [one.code for one in made.categories] == [one.code for one in sample.categories]
    assert made.settings.report == sample.settings.report
    assert not (folder / "notes").exists()
    assert made.settings.title == f"beixiang（样本：{sample.settings.title}）"


def test_nothing_is_overwritten_and_bad_names_are_refused(ledgers: Path) -> None:
    with pytest.raises(LedgerExistsError, match="已经有名为“hotline”"):
        found_ledger("hotline", "jiawang", ledgers)
    with pytest.raises(LedgerNameError, match="只能用文字"):
        found_ledger("../x", "jiawang", ledgers)
    with pytest.raises(LedgerNotFoundError):
        found_ledger("beixiang", "nowhere", ledgers)
    assert sorted(path.name for path in ledgers.iterdir()) == ["hotline", "jiawang"]


def test_the_command_founds_a_ledger(
    ledgers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(ledgers))
    assert run(["ledger", "new", "beixiang", "--from", "jiawang"]) == 0
    assert "已建立台账 beixiang" in capsys.readouterr().out
    assert run(["catalogue", "check", "beixiang"]) == 0
    assert run(["ledger", "new", "beixiang", "--from", "jiawang", "--json"]) == 3
    assert '"error": "ledger_exists"' in capsys.readouterr().out
