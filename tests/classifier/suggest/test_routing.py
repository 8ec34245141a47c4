"""How sure a department is, by what held-out complaints show."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester

WAGES = Complaint("老板拖欠工资三个月不给")
LAMP = Complaint("路灯不亮")


def _with_departments(model: Model, right: float) -> Model:
    """Copy a model whose held-out rows, many times over, were led by the first candidate in a share of `right`."""
    many = 20
    said = np.tile(model.held_out.departments, (many, 1))
    leaves = np.tile(model.held_out.leaves, (many, 1))
    truth = np.tile(model.held_out.departments_truth, many)
    wrong = np.arange(len(truth)) % 100 >= 100 * right
    truth[wrong & (truth >= 0)] = (truth[wrong & (truth >= 0)] + 1) % said.shape[1]
    changed = copy.copy(model)
    changed.held_out = dataclasses.replace(
        model.held_out,
        departments=said,
        leaves=leaves,
        departments_truth=truth,
        truth=np.tile(model.held_out.truth, many),
    )
    return changed


@pytest.mark.parametrize("complaint", [WAGES, LAMP])
def test_departments_that_were_seldom_right_are_suggested_with_less_confidence(
    suggester: Suggester, small_ledger: Ledger, complaint: Complaint
) -> None:
    often, seldom = (
        Suggester(small_ledger, _with_departments(suggester.model, right)).suggest(complaint).departments
        for right in (1.0, 0.3)
    )
    assert often[0].department == seldom[0].department
    assert often[0].probability > seldom[0].probability


def test_a_child_ledger_is_as_sure_of_departments_as_the_base(suggester: Suggester, ledgers: Path) -> None:
    child = load_ledger("child", ledgers)
    sure, unsure = (
        Suggester(child, _with_departments(suggester.model, right)).suggest(LAMP).departments[0].probability
        for right in (1.0, 0.3)
    )
    assert sure > unsure


def test_a_model_without_held_out_departments_changes_nothing(suggester: Suggester, small_ledger: Ledger) -> None:
    bare = copy.copy(suggester.model)
    bare.held_out = dataclasses.replace(
        bare.held_out, departments=np.zeros((0, 0), np.float16), departments_truth=np.zeros(0, np.int32)
    )
    departments = Suggester(small_ledger, bare).suggest(WAGES).departments
    assert 0.3 < departments[0].probability <= 1
