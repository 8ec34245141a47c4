"""Categories that labels hardly separate."""

from __future__ import annotations

from classifier.catalogue.ledger import Ledger
from classifier.learn.audit.confusable import confusable


def test_two_categories_dealt_at_random_are_named_with_counts(small_ledger: Ledger, make_opinions) -> None:
    given = [0] * 40 + [1] * 30 + [2] * 40
    best = [0] * 22 + [1] * 18 + [0] * 13 + [1] * 17 + [2] * 40
    found = list(confusable(make_opinions(("A1", "A2", "B1"), given, best), small_ledger.categories))
    assert [(remark.category, remark.other_category) for remark in found] == [("环境/噪声", "环境/污水")]
    assert "前者 40 件中 18 件被判为后者，后者 30 件中 13 件被判为前者（κ=0.11）" in found[0].detail
    assert "环境/噪声 ↔ 环境/污水" in str(found[0])


def test_few_rows_a_one_sided_confusion_and_plain_mistakes_are_not_named(small_ledger: Ledger, make_opinions) -> None:
    tree, labels = small_ledger.categories, ("A1", "A2", "B1")
    few = make_opinions(labels, [0] * 11 + [1] * 40, [1] * 6 + [0] * 5 + [0] * 20 + [1] * 20)
    one_sided = make_opinions(labels, [0] * 40 + [1] * 40, [1] * 30 + [0] * 10 + [1] * 40)
    mistakes = make_opinions(labels, [0] * 40 + [1] * 40, [1] * 4 + [0] * 36 + [0] * 4 + [1] * 36)
    unsure = make_opinions(labels, [0] * 14 + [1] * 14, [1] * 4 + [0] * 10 + [0] * 4 + [1] * 10)
    assert [list(confusable(one, tree)) for one in (few, one_sided, mistakes, unsure)] == [[], [], [], []]
