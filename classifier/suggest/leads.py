"""Which departments may lead one complaint, by duties and by the text: in the compiled kernel, or the same without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.compiled import kernel

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]

MOST_FAVOUR: Final = 1_000.0
"""How many times likelier, or unlikelier, what a text says may make a department."""

_SMALLEST: Final = np.float32(1e-9)

Lead = tuple[int, float, bool, int]
"""Department, probability, whether duties say it louder than past texts do, and the likeliest naming, -1 for none."""


@dataclass(frozen=True)
class Namings:
    """Who may lead under each duty: `(n_named,)` each of the duty, the department it names, and that one's share."""

    duties: Numbers
    departments: Numbers
    shares: Floats


def favours(told: Floats, expected: Floats) -> Floats:
    """Return how many times likelier than usual the text makes each department.

    Args:
        told: what the text says of departments, `(…, n_departments)`.
        expected: what texts usually say, `(n_departments,)`; of one with 0 nothing is known, its favour is 1.
    """
    times = np.clip(told / np.where(expected > 0, expected, np.float32(1)), 1 / MOST_FAVOUR, MOST_FAVOUR)
    return np.where(expected > 0, times, np.float32(1)).astype(np.float32)


def likeliest_leads(
    mass: Floats,
    told: Floats,
    expected: Floats,
    learnt: Floats,
    learnt_share: float,
    namings: Namings,
    count: int,
) -> list[Lead]:
    """Return the likeliest departments, best first; none with a probability of 0.

    Each duty's mass is shared among those it names, as the text favours them; the rest is what texts of the past say.

    Args:
        mass: the probability that falls to each duty, `(n_duties,)`.
        told: what the text says of each department, `(n_departments,)`, as it favours those that duties name.
        expected: what texts usually say of each, `(n_departments,)`.
        learnt: what texts of the past say of who led, `(n_departments,)`.
        learnt_share: how much of the whole is `learnt`.
        namings: who may lead under each duty.
        count: how many to return at most.
    """
    if kernel is None:
        return likeliest_leads_plainly(mass, told, expected, learnt, learnt_share, namings, count)
    named = namings.duties, namings.departments, namings.shares
    found: list[Lead] = kernel.leads(mass, told, expected, learnt, learnt_share, *named, count)
    return found


def likeliest_leads_plainly(
    mass: Floats,
    told: Floats,
    expected: Floats,
    learnt: Floats,
    learnt_share: float,
    namings: Namings,
    count: int,
) -> list[Lead]:
    """Return what `likeliest_leads` returns, to the last bit, without the compiled kernel."""
    by_duty = (1 - learnt_share) * _shared_out(mass, favours(told, expected), namings)
    past = learnt_share * learnt
    total = by_duty + past
    # Counting adds one after another, as the kernel does.
    whole = np.bincount(np.zeros(len(total), np.intp), total, 1)[0]
    total = (total / max(whole, np.float64(_SMALLEST))).astype(np.float32)
    best = np.argsort(-total, kind="stable")[:count]
    return [
        (int(at), float(total[at]), bool(by_duty[at] >= past[at]), _likeliest(namings, mass, int(at)))
        for at in best
        if total[at] > 0
    ]


def _shared_out(mass: Floats, favour: Floats, namings: Namings) -> Floats:
    """Return the probability that falls to each department by duties, `(n_departments,)`."""
    favoured = namings.shares * favour[namings.departments]
    whole = np.bincount(namings.duties, favoured, len(mass))
    favoured *= (mass / np.maximum(whole, _SMALLEST)).astype(np.float32)[namings.duties]
    return np.bincount(namings.departments, favoured, len(favour)).astype(np.float32)


def _likeliest(namings: Namings, mass: Floats, department: int) -> int:
    """Return the naming by which most of its duty's mass falls to a department; -1 where no duty names it."""
    places = np.flatnonzero(namings.departments == department)
    if not len(places):
        return -1
    return int(places[(mass[namings.duties[places]] * namings.shares[places]).argmax()])
