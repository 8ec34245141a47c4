"""What the names of a child ledger's categories say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint
from classifier.suggest.naming import Names
from classifier.suggest.suggester import Suggester

CATEGORIES = """code,name,parent,definition,keywords
HJ,环境问题,,噪声和污水方面的事,河水|下水道|喇叭
GZ,工资问题,,,
GZ1,欠薪,GZ,,拖欠工资|工钱
LD,路上的事,,,路灯|路面
"""


@pytest.fixture
def named_child(ledgers: Path, tmp_path: Path) -> Ledger:
    """The child with keywords, and one of its categories with a level below it."""
    shutil.copytree(ledgers, tmp_path / "ledgers")
    folder = tmp_path / "ledgers" / "child"
    (folder / "categories.csv").write_text(CATEGORIES, "utf-8")
    crosswalk = folder / "crosswalk.csv"
    crosswalk.write_text(crosswalk.read_text("utf-8").replace("B1,GZ,", "B1,GZ1,"), "utf-8")
    settings = folder / "ledger.toml"
    settings.write_text(settings.read_text("utf-8") + "reporting_level = 1\n", "utf-8")
    return load_ledger("child", tmp_path / "ledgers")


def _names(ledger: Ledger, suggester: Suggester) -> Names:
    reported = Suggester(ledger, suggester.model).classification.categories
    assert [category.code for category in reported] == ["HJ", "GZ", "LD"]
    return Names.of(ledger, reported, suggester.model.space, suggester.pipeline)


@pytest.mark.parametrize(
    ("text", "column"), [("河水臭，下水道也堵了", 0), ("拖欠工钱好几个月", 1), ("南门的路灯不亮", 2)]
)
def test_a_name_speaks_for_its_category_at_the_reported_level(
    named_child: Ledger, suggester: Suggester, text: str, column: int
) -> None:
    encoded = suggester.model.space.encode(suggester.pipeline.read(Complaint(text)))
    spoken = _names(named_child, suggester)(encoded)
    assert spoken.shape == (3,)
    assert spoken.argmax() == column
    assert np.abs(np.delete(spoken, column)).max() < 0.3 * spoken[column]


def test_a_text_with_none_of_the_names_words_is_left_to_the_crosswalk(
    named_child: Ledger, suggester: Suggester
) -> None:
    encoded = suggester.model.space.encode(suggester.pipeline.read(Complaint("麤鱻")))
    np.testing.assert_array_equal(_names(named_child, suggester)(encoded), 0)


def test_names_move_a_child_ledgers_probabilities_towards_what_they_name(
    named_child: Ledger, suggester: Suggester, ledgers: Path
) -> None:
    complaint = Complaint("村口喇叭吵，河水也臭", "下水道")
    bare = Suggester(load_ledger("child", ledgers), suggester.model).understand(complaint).classified
    named = Suggester(named_child, suggester.model).understand(complaint).classified
    assert named.reported[0] > bare.reported[0]
    np.testing.assert_allclose(named.reported.sum(), 1, rtol=1e-5)


def test_more_names_of_one_category_are_no_prejudice_for_it(named_child: Ledger, suggester: Suggester) -> None:
    """A category with ten times the keywords weighs no more for a word that stands in as large a share of them."""
    table = named_child.folder / "categories.csv"
    table.write_text(CATEGORIES.replace("河水|下水道|喇叭", "|".join(["河水", "下水道", "喇叭"] * 10)), "utf-8")
    many = _names(load_ledger("child", named_child.folder.parent), suggester)
    encoded = suggester.model.space.encode(suggester.pipeline.read(Complaint("拖欠工资，河水臭")))
    assert _names(named_child, suggester)(encoded).argmax() == 1
    assert many(encoded).argmax() == 1
