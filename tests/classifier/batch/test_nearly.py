"""The earliest row that nearly says the same is that of a plain search, in memory that does not grow with the file."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifier.batch.nearly import earliest_alike
from classifier.learn.duplicates import NEARLY
from classifier.text.sketches import HASHES, bands_of, likeness


def _written(path: Path, sketches: NDArray[np.uint16]) -> Path:
    path.write_bytes(sketches.tobytes())
    return path


def _some(rows: int, seed: int) -> NDArray[np.uint16]:
    """Sketches of which many share much with an earlier one, some share bands but little else, some are of no text."""
    draw = np.random.default_rng(seed)
    sketches = draw.integers(0, 1 << 16, (rows, HASHES), np.uint16)
    for row in range(1, rows):
        kept = draw.random(HASHES) < draw.choice([0.05, 0.6, 0.8, 0.95])
        sketches[row, kept] = sketches[draw.integers(0, row)][kept]
    sketches[draw.random(rows) < 0.1] = 0
    return sketches


def _plainly(sketches: NDArray[np.uint16]) -> list[int]:
    found = []
    first: dict[tuple[int, int], int] = {}
    for row, one in enumerate(sketches):
        bands = [(band, int(clue)) for band, clue in enumerate(bands_of(one.tobytes())[0])] if one.any() else []
        earlier = sorted({first.setdefault(band, row) for band in bands} - {row})
        near = (at for at in earlier if likeness(sketches[at].tobytes(), one.tobytes())[0] >= NEARLY)
        found.append(next(near, -1))
    return found


@pytest.mark.parametrize("held", [7, 100, 1_000, 1 << 20])
@pytest.mark.parametrize("rows", [0, 1, 2, 300])
def test_the_earliest_is_that_of_a_plain_search(tmp_path: Path, rows: int, held: int) -> None:
    sketches = _some(rows, seed=rows)
    with _written(tmp_path / "sketches", sketches).open("rb") as file:
        assert earliest_alike(file, held).tolist() == _plainly(sketches)


def test_what_thousands_say_nearly_alike_costs_no_more_than_anything_else(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    different = draw.integers(0, 1 << 16, (20_000, HASHES), np.uint16)
    alike = np.where(draw.random(different.shape) < 0.9, different[0], different)
    taken = []
    for name, sketches in (("different", different), ("alike", alike)):
        with _written(tmp_path / name, sketches).open("rb") as file:
            began = time.perf_counter()
            found = earliest_alike(file)
            taken.append(time.perf_counter() - began)
            assert (found[1:] == 0).mean() == (name == "alike")
    # Each of them is compared once or a few times, not with all others: 20,000 times 20,000 would take minutes.
    assert taken[1] < 20 * taken[0] + 1
