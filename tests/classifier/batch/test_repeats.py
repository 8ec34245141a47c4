"""The earliest of those that say the same is found, however many came between and whatever was cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.batch import repeats
from classifier.batch.repeats import Earliest, Names, Repeats

CHUNKS = st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=12)


def _plainly(keys: list[int]) -> list[int | None]:
    first: dict[int, int] = {}
    found: list[int | None] = []
    for row, key in enumerate(keys):
        found.append(first.get(key) if key else None)
        if key:
            first.setdefault(key, row)
    return found


@given(CHUNKS)
def test_the_earliest_is_that_of_a_plain_search(chunks: list[list[int]]) -> None:
    before, repeats._RECENT = repeats._RECENT, 3
    try:
        earliest, row, found = Earliest(), 0, []
        for chunk in chunks:
            found += earliest.note(np.array(chunk, np.uint64), row)
            row += len(chunk)
    finally:
        repeats._RECENT = before
    assert found == _plainly([key for chunk in chunks for key in chunk])


def test_a_million_rows_take_a_few_bytes_each() -> None:
    earliest = Earliest()
    keys = np.random.default_rng(0).integers(1, 1 << 63, 1_000_000, dtype=np.uint64)
    for begin in range(0, len(keys), 5_000):
        assert set(earliest.note(keys[begin : begin + 5_000], begin)) == {None}
    assert earliest.note(keys[::100_000], 1_000_000) == list(range(0, 1_000_000, 100_000))
    assert sum(run.nbytes + rows.nbytes for run, rows in earliest._runs) <= 12 * 1_000_000


def test_keys_and_names_of_any_length_are_found_again_after_an_end(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("keys", "names", "ends")]
    keys, *of_names = (path.open("w+b", buffering=0) for path in paths)
    assert Repeats(keys).mark([5, 6, 5, 0, 0]) == [None, None, 0, None, None]
    Names(*of_names).extend(["甲", "", "007", "x", "y"])
    for file in (keys, *of_names):
        file.close()
    keys, *of_names = (path.open("r+b", buffering=0) for path in paths)
    again, names = Repeats(keys), Names(*of_names)
    assert again.mark([6, 5, 7]) == [1, 0, None]
    names.extend(["a", "b" * 5_000, "\ud800"])
    assert again.mark([7, 5]) == [7, 0]
    names.extend(["c"])
    assert [names[row] for row in (0, 1, 2, 6, 7, 8)] == ["甲", "", "007", "b" * 5_000, "\ud800", "c"]
    for file in (keys, *of_names):
        file.close()
