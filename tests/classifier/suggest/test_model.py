"""A model is read back as it was stored, in the present form and in that of before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifier.domain import Complaint
from classifier.registry.bundle import read_bundle, write_bundle
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester
from classifier.suggest.weights import rows_of

COMPLAINTS = [Complaint("老板拖欠工资半年不给", "讨薪"), Complaint("人民路的路灯坏了没人修"), Complaint("abc")]


def _as_before(model: Model) -> Model:
    """The same weights in a byte each."""
    weights = np.ascontiguousarray(rows_of(model._weights, slice(None)))
    return Model(model.name, model.space, weights, model._scale, model.heads, model.held_out)


@pytest.mark.parametrize("form", [lambda model: model, _as_before], ids=["packed", "a byte each"])
def test_a_stored_model_says_the_same(suggester: Suggester, tmp_path: Path, form) -> None:  # type: ignore[no-untyped-def]
    model = form(suggester.model)
    entries, arrays, texts = model.to_bundle()
    write_bundle(tmp_path / "v1", entries, arrays, texts)
    again = Suggester(suggester.ledger, Model.from_bundle(model.name, read_bundle(tmp_path / "v1")))
    for complaint in COMPLAINTS:
        assert again.suggest(complaint) == suggester.suggest(complaint)
        encoded = model.space.encode(suggester.pipeline.read(complaint))
        np.testing.assert_array_equal(model.scores(encoded), suggester.model.scores(encoded))
