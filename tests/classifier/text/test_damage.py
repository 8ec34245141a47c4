"""Texts damaged in every way at once are read as if they were clean, each character pointing at its own place."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from damage import Damaged, Wear, damage
from hypothesis import given
from hypothesis import strategies as st

from classifier.domain import Complaint, Suggestion
from classifier.suggest.suggester import Suggester
from classifier.text.aligned import AlignedText
from classifier.text.normalisation import normalise

CORPUS = Path(__file__).parents[3] / "training_data" / "hotline" / "complaints"


def _texts() -> list[str]:
    with (CORPUS / "04.csv").open(encoding="utf-8", newline="") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    return [text for text in rows if "(" not in normalise(text).text]


TEXTS = _texts()
_WORN = st.builds(
    Wear,
    st.booleans(),
    st.sampled_from([0.0, 0.05, 0.2, 0.5]),
    st.booleans(),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.sampled_from([0.0, 0.001, 0.05]),
    st.booleans(),
)


def _clean_index(damaged: Damaged, place: tuple[int, int]) -> list[int]:
    return [at for at, (start, end) in enumerate(damaged.places) if start < place[1] and place[0] < end]


@given(st.sampled_from(TEXTS), st.integers(0, 10_000), _WORN)
def test_each_character_that_is_read_stands_where_it_points(clean: str, seed: int, wear: Wear) -> None:
    damaged = damage(clean, seed, wear)
    read = normalise(damaged.text)
    for at, char in enumerate(read.text):
        sources = _clean_index(damaged, read.span(at, at + 1))
        if char.isalnum():
            assert sources
            assert any(char in normalise(f"吗{clean[source]}吗").text for source in sources)


@given(st.sampled_from(TEXTS), st.integers(0, 10_000), st.booleans())
def test_what_is_read_is_what_was_written(clean: str, seed: int, only_changed: bool) -> None:
    damaged = damage(clean, seed, Wear(lost_characters=0, only_changed=only_changed))
    assert _letters(normalise(damaged.text)) == _letters(normalise(clean))


def _letters(aligned: AlignedText) -> str:
    return "".join(char for char in aligned.text if char.isalnum())


def _told(damaged: Damaged, suggestion: Suggestion) -> list[list[int]]:
    """Return, for each span of evidence, the clean text's characters that stand in it."""
    return sorted(_clean_index(damaged, (one.start, one.end)) for one in suggestion.evidence)


@pytest.mark.parametrize("seed", range(12))
def test_evidence_points_at_the_same_words_of_a_damaged_text(suggester: Suggester, seed: int) -> None:
    clean = TEXTS[seed * 31]
    damaged = damage(clean, seed, Wear(lost_spaces=0, lost_characters=0))
    untouched = Damaged(clean, tuple((at, at + 1) for at in range(len(clean))), frozenset())
    before, after = (suggester.suggest(Complaint(one.text)) for one in (untouched, damaged))
    assert before.evidence
    assert after.categories[0].category == before.categories[0].category
    assert _told(damaged, after) == _told(untouched, before)
