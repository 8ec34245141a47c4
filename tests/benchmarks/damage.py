"""How much accuracy damage costs: labelled messages as they are, and damaged in every way at once.

    python tests/benchmarks/damage.py MESSAGES.csv --ledger messages

Traditional characters, pronunciation glued to a fifth of the characters, full-width digits, lost spaces and a tenth
of a percent of lost characters; the same model reads both. Every span of evidence in a damaged text must hold whole
characters, next to each other, whose clean originals are what the span reads as.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "wear"))

from damage import Damaged, damage
from naive import read_messages

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.settings import Places
from classifier.text.normalisation import normalise


def _letters(text: str) -> str:
    """Return the letters of what a part of a text reads as, as if it stood between others."""
    return "".join(char for char in normalise(f"吗{text}吗").text[1:-1] if char.isalnum())


def _is_right(start: int, end: int, damaged: Damaged, clean: str) -> bool:
    """Tell whether a span of the damaged text holds just the clean characters that it reads as."""
    held = [at for at, (begin, stop) in enumerate(damaged.places) if begin < end and start < stop]
    together = bool(held) and held == list(range(held[0], held[-1] + 1)) and start == damaged.places[held[0]][0]
    original = "".join(clean[at] for at in held if at not in damaged.lost)
    return together and _letters(damaged.text[start:end]) == _letters(original)


def main() -> None:
    """Print accuracy on clean and on damaged messages, and how many keep their first category."""
    parser = argparse.ArgumentParser()
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="messages")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    suggester = open_desk(Places.from_environment(), given.ledger)
    rows = list(zip(*read_messages(given.messages), strict=True))
    random.Random(given.seed).shuffle(rows)  # noqa: S311 - no secrets here
    clean = damaged = same = spans = wrong = 0
    rows = rows[: given.rows]
    for at, (title, text, category) in enumerate(rows):
        worn = {"title": damage(title, 2 * at), "text": damage(text, 2 * at + 1)}
        originals = {"title": title, "text": text}
        before = suggester.suggest(Complaint(text, title), with_evidence=False).categories[0].category.name
        answer = suggester.suggest(Complaint(worn["text"].text, worn["title"].text))
        after = answer.categories[0].category.name
        clean += before == category
        damaged += after == category
        same += before == after
        told = [_is_right(one.start, one.end, worn[one.field], originals[one.field]) for one in answer.evidence]
        spans += len(told)
        wrong += told.count(False)
    print(f"{len(rows)} messages: clean {clean / len(rows):.4f}, damaged {damaged / len(rows):.4f}")
    print(f"same first category {same / len(rows):.4f}")
    print(f"{spans} spans of evidence, {wrong} at the wrong characters")


if __name__ == "__main__":
    main()
