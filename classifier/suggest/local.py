"""What a ledger learnt from its own labels, on top of the base model.

A score is a sum of four parts: the text's n-grams in a vocabulary of the place; those of its title alone, which names
the matter, in one of titles; how near the text stands to the place's labelled complaints, by the base's scores of all
leaves and by the words they share (a radial kernel on spheres); and where it stands itself. The probabilities that the
base gives through the crosswalk are then weighed in as a second opinion (a product of experts, Hinton 2002), which
decides while labels are few and hardly counts when they are many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from classifier.registry.bundle import Bundle
from classifier.suggest.calibration import softmax
from classifier.suggest.standpoint import Standpoint
from classifier.suggest.wording import Wording
from classifier.text.features import Encoded
from classifier.text.pipeline import ReadComplaint

Floats = NDArray[np.float32]
Content = TypeVar("Content")

OWN: Final = "own"
OWN_DEPARTMENTS: Final = "own_departments"
"""Groups of outputs: a ledger's own categories, and its departments as its own files name them."""

_FORMER_REACH: Final = 3.0
"""Of versions of before n-grams told where a text stands."""

_LEAST_PRIOR: Final = np.float32(1e-4)
PREFIX: Final = "local_"
"""Of the names of what belongs to this part in a bundle; all else is the base's."""

_HEADING: Final = "heading_"
"""Of the names of what belongs to the titles by themselves, behind the other prefix."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Turns scores and a second opinion into probabilities `exp(sharpness * score) * prior ** trust / sum`."""

    sharpness: float
    trust: float

    def __call__(self, scores: Floats, prior: Floats) -> Floats:
        """Return probabilities `(…, n_classes)`."""
        return softmax(scores * np.float32(self.sharpness) + np.float32(self.trust) * log_prior(prior), 1.0)


def log_prior(prior: Floats) -> Floats:
    """Return the logarithm of probabilities, none of them taken as impossible."""
    logged: Floats = np.log(np.maximum(prior, _LEAST_PRIOR))
    return logged


def weigh(probabilities: Floats, odds: Floats) -> Floats:
    """Return probabilities after further evidence, given as logarithms of odds."""
    weighed: Floats = probabilities * np.exp(odds - odds.max())
    weighed /= max(float(weighed.sum()), 1e-30)
    return weighed


@dataclass(frozen=True, slots=True)
class Learnt:
    """One group of outputs: a code for each, and how its scores become probabilities."""

    labels: tuple[str, ...]
    blend: Blend


@dataclass(frozen=True, slots=True)
class Proof:
    """What the model said of its labelled rows when it had not seen them.

    `rows` is `(n_rows,)`, the fingerprint of each text; `probabilities` `(n_rows, n_own)`; `truth` `(n_rows,)` the
    column of each row's label. `learnt` are the fingerprints of the further rows it learnt from, in ascending order,
    which were never held out: of them nothing unseen can be said.
    """

    rows: NDArray[np.uint64]
    probabilities: NDArray[np.float16]
    truth: NDArray[np.int32]
    learnt: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def has_learnt(self, numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which of some fingerprints are of rows that it learnt from without ever holding them out."""
        if not len(self.learnt):
            return np.zeros(len(numbers), dtype=bool)
        at = np.minimum(np.searchsorted(self.learnt, numbers), len(self.learnt) - 1)
        found: NDArray[np.bool_] = self.learnt[at] == numbers
        return found


@dataclass(frozen=True, slots=True)
class Scored:
    """One complaint's scores for each group, with what they were made from.

    `near` is how near each support is; `heading` the title by itself, None for a complaint without one.
    """

    encoded: Encoded
    near: Floats
    length: float
    groups: dict[str, Floats]
    heading: Encoded | None = None


class Local:
    """Scores complaints for the groups of outputs that a ledger's own labels taught.

    `wording` holds the part of the text, `heading` that of the title by itself, None where no labelled complaint has
    one; `support` `(n_support, n_axes)` the points where labelled complaints stand, with `dual`
    `(n_support, n_outputs)`; `linear` `(n_axes, n_outputs)` the part of the point itself. `ledger` is whose labels they
    were. Outputs stand group after group in the order of `groups`.
    """

    def __init__(
        self,
        wording: Wording,
        heading: Wording | None,
        standpoint: Standpoint,
        radial: tuple[Floats, Floats],
        linear: Floats,
        groups: dict[str, Learnt],
        proof: Proof,
        ledger: str,
    ) -> None:
        self.ledger = ledger
        self.wording = wording
        self.heading = heading
        self.standpoint = standpoint
        self.groups = groups
        self.proof = proof
        self._support, self._dual = radial
        self._linear = linear
        bounds = np.cumsum([0, *(len(group.labels) for group in groups.values())])
        self._slices = {name: slice(int(a), int(b)) for name, a, b in zip(groups, bounds, bounds[1:], strict=False)}

    def score(self, complaint: ReadComplaint, base_scores: Floats) -> Scored:
        """Score one complaint; `base_scores` are the base's, of its leaves."""
        encoded = self.wording.space.encode(complaint)
        point, length = self.standpoint(base_scores, encoded)
        near = np.exp(self._support @ point - self.standpoint.total)
        scores = self.wording.scores(encoded).copy()
        scores += near @ self._dual + point @ self._linear
        heading = None
        if self.heading is not None and complaint.title.text:
            heading = self.heading.space.encode(complaint.heading)
            scores += self.heading.scores(heading)
        return Scored(encoded, near, length, {name: scores[at] for name, at in self._slices.items()}, heading)

    def unfolded(self) -> tuple[Floats, Floats]:
        """Return the weights of the text's n-grams, `(n_features, n_outputs)`, and of the point, as plain numbers."""
        return self.wording.unfolded(), self._linear.copy()

    def headings(self, complaints: Sequence[ReadComplaint]) -> Floats | np.float32:
        """Return what the titles by themselves add to the scores, `(n_complaints, n_outputs)`, or 0 for them all."""
        return np.float32(0) if self.heading is None else self.heading.many([one.heading for one in complaints])

    def near(self, points: Floats) -> Floats:
        """Return the radial part of the scores for texts that stand at `points` `(n_rows, n_axes)`."""
        scores: Floats = np.exp(points @ self._support.T - self.standpoint.total) @ self._dual
        return scores

    def corrected(
        self, text: tuple[NDArray[np.int8], Floats], linear: Floats, groups: dict[str, Learnt], proof: Proof
    ) -> Local:
        """Return the same with other weights and another proof."""
        wording = Wording(self.wording.space, *text)
        radial = self._support, self._dual
        return Local(wording, self.heading, self.standpoint, radial, linear, groups, proof, self.ledger)

    def spoken(self, scored: Scored, group: str, direction: Floats) -> tuple[tuple[Floats, ...], Floats]:
        """Say what speaks for `direction` (a weight for each label of `group`): each character, and each leaf's score.

        Returns:
            What each character of title and text adds, and the slope along the base's score of each leaf.
        """
        at = self._slices[group]
        parts = self.wording.parts(scored.encoded, at, direction)
        pull = scored.near * (self._dual[:, at] @ direction)
        towards = pull @ self._support + self._linear[:, at] @ direction
        slope, by_words = self.standpoint.slopes(towards, scored.encoded, scored.length)
        title, text = scored.encoded.spread(parts if by_words is None else parts + by_words)
        if self.heading is not None and scored.heading is not None:
            title = title + scored.heading.spread(self.heading.parts(scored.heading, at, direction))[1]
        return (title, text), slope - slope.mean()

    def to_bundle(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
        """Return manifest entries, arrays and texts that `from_bundle` reads back."""
        facts, points = self.standpoint.to_bundle()
        arrays: dict[str, NDArray[Any]] = {
            **self.wording.arrays(),
            **points,
            "support": self._support,
            "dual": self._dual,
            "linear": self._linear,
            "proof_rows": self.proof.rows,
            "proof_probabilities": self.proof.probabilities,
            "proof_truth": self.proof.truth,
            "proof_learnt": self.proof.learnt,
        }
        space = self.wording.space
        texts = {"words": space.words, **{f"labels_{name}": group.labels for name, group in self.groups.items()}}
        blends = {name: [group.blend.sharpness, group.blend.trust] for name, group in self.groups.items()}
        entries = {"local": {"ledger": self.ledger, "documents": space.n_documents, "blends": blends, **facts}}
        if self.heading is not None:
            arrays |= {_HEADING + name: array for name, array in self.heading.arrays().items()}
            texts[_HEADING + "words"] = self.heading.space.words
            entries["local"][_HEADING + "documents"] = self.heading.space.n_documents
        return (
            entries,
            {PREFIX + name: array for name, array in arrays.items()},
            {PREFIX + name: lines for name, lines in texts.items()},
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Local | None:
        """Rebuild what `to_bundle` gave; None where the bundle holds nothing learnt from local labels."""
        facts = bundle.manifest.get("local")
        if facts is None:
            return None

        arrays, texts = _own(bundle.arrays), _own(bundle.texts)
        groups = {
            name: Learnt(texts[f"labels_{name}"], Blend(float(sharpness), float(trust)))
            for name, (sharpness, trust) in facts["blends"].items()
        }
        support, linear = arrays["support"], arrays["linear"]
        if "reach" not in facts:
            facts = {**facts, "reach": [_FORMER_REACH, 0.0]}
            support, linear = support * np.float32(_FORMER_REACH**0.5), linear / np.float32(_FORMER_REACH**0.5)
        return cls(
            Wording.from_parts(arrays, texts["words"], int(facts["documents"])),
            _heading_of(facts, arrays, texts),
            Standpoint.from_bundle(facts, arrays),
            (support, arrays["dual"]),
            linear,
            groups,
            _proof_of(arrays),
            str(facts["ledger"]),
        )


def _heading_of(
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, tuple[str, ...]]
) -> Wording | None:
    """Read the part of titles by themselves, which versions of before have not."""
    documents = facts.get(_HEADING + "documents")
    if documents is None:
        return None
    own = {name.removeprefix(_HEADING): array for name, array in arrays.items() if name.startswith(_HEADING)}
    return Wording.from_parts(own, texts[_HEADING + "words"], int(documents))


def _proof_of(arrays: Mapping[str, NDArray[Any]]) -> Proof:
    """Read what was said of held-out rows; versions of before did not keep what else they had learnt."""
    learnt = arrays.get("proof_learnt", np.zeros(0, dtype=np.uint64))
    return Proof(arrays["proof_rows"], arrays["proof_probabilities"], arrays["proof_truth"], learnt)


def _own(part: Mapping[str, Content]) -> dict[str, Content]:
    """Return what belongs to a ledger's own labels, by its name without the prefix."""
    return {name.removeprefix(PREFIX): content for name, content in part.items() if name.startswith(PREFIX)}
