"""Settings of what is learnt from a ledger's own labels, and the search for better ones within a time budget.

Every setting is judged by the training's own held-out answers, each row's from a model without it and its
near-duplicates. One is taken over another only where its log loss is better by more than a standard error of the
difference: of many that are tried, some seem better by chance.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LocalRecipe:
    """Settings of what is learnt from a ledger's own labels.

    `penalty` smooths all; `text`, `heading`, `view` and `near` weigh the n-grams, those of the title by itself, the
    base's view of a text, and how near it stands to others by that view and by its words, `reach` being that of either;
    an n-gram counts by how much the base says with it, relative to the middle one, to the power of `telling`, one that
    the base does not know as `strange`; `second_matter` is the target of a complaint's further categories beside 1;
    `returned` is what a return (退单) counts against a department beside 1 for the final handler.
    """

    penalty: float = 0.1
    text: float = 0.4
    heading: float = 0.4
    view: float = 0.5
    near: float = 2.0
    reach: tuple[float, float] = (0.75, 1.5)
    telling: float = 0.3
    strange: float = 0.7
    second_matter: float = 0.7
    returned: float = 0.5


FEW: Final = LocalRecipe()
MANY: Final = dataclasses.replace(FEW, penalty=0.2, text=0.6, reach=(0.75, 2.2))
"""Settings for some hundreds of labelled complaints and for thousands, chosen by group-wise cross-validation: the more
there are, the more their own words say, and the nearer are those by which a text is judged."""

_FEW: Final = 500
_MANY: Final = 4_000


def recipe_for(n_rows: int) -> LocalRecipe:
    """Return the settings for this many labelled complaints: between those for few and for many by the logarithm."""
    share = min(max(math.log(max(n_rows, 1) / _FEW) / math.log(_MANY / _FEW), 0.0), 1.0)

    def between(few: float, many: float) -> float:
        return round(few + share * (many - few), 4)

    return dataclasses.replace(
        FEW,
        penalty=between(FEW.penalty, MANY.penalty),
        text=between(FEW.text, MANY.text),
        reach=(FEW.reach[0], between(FEW.reach[1], MANY.reach[1])),
    )


_TIMES: Final = (0.5, 2.0)
"""By how much a setting is varied."""

_VARIED: Final = ("penalty", "near", "text", "heading", "view")


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting that was tried, by what it differs from the one before, with its held-out log loss."""

    setting: str
    loss: float
    taken: bool


def search(
    recipe: LocalRecipe, budget: float, losses: Callable[[LocalRecipe], Floats]
) -> tuple[LocalRecipe, tuple[Trial, ...]]:
    """Return the best settings found within `budget` seconds, and all that were tried; none for a budget of 0.

    Args:
        recipe: where to start.
        budget: seconds; what was begun is finished, and nothing begun that would take longer than is left.
        losses: returns the held-out log loss of each row, `(n_rows,)`.
    """
    if budget <= 0:
        return recipe, ()
    began = time.monotonic()
    best, least = recipe, losses(recipe)
    longest = time.monotonic() - began
    trials = [Trial("", _mean(least), taken=True)]
    # Twice nothing is nothing.
    for name, times in ((name, times) for name in _VARIED if getattr(recipe, name) for times in _TIMES):
        started = time.monotonic()
        if started - began + longest > budget:
            break
        tried = dataclasses.replace(best, **{name: round(getattr(recipe, name) * times, 4)})
        found = losses(tried)
        longest = max(longest, time.monotonic() - started)
        gain = least - found
        taken = float(gain.mean()) > float(gain.std()) / max(len(gain), 1) ** 0.5
        trials.append(Trial(f"{name}={getattr(tried, name):g}", _mean(found), taken))
        if taken:
            best, least = tried, found
    return best, tuple(trials)


def _mean(losses: Floats) -> float:
    return round(float(losses.mean()), 4)
