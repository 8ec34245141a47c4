"""How much accuracy damage costs: labelled messages as they are, and damaged in every way at once.

    python tests/benchmarks/damage.py MESSAGES.csv --ledger messages

Traditional characters, pronunciation glued to a fifth of the characters, full-width digits, lost spaces and a tenth
of a percent of lost characters; the same model reads both.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "wear"))

from damage import damage
from naive import read_messages

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.settings import Places
from classifier.suggest.suggester import Suggester


def _first(suggester: Suggester, title: str, text: str) -> str:
    return suggester.suggest(Complaint(text, title), with_evidence=False).categories[0].category.name


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
    clean = damaged = same = 0
    rows = rows[: given.rows]
    for at, (title, text, category) in enumerate(rows):
        before = _first(suggester, title, text)
        after = _first(suggester, damage(title, 2 * at).text, damage(text, 2 * at + 1).text)
        clean += before == category
        damaged += after == category
        same += before == after
    print(f"{len(rows)} messages: clean {clean / len(rows):.4f}, damaged {damaged / len(rows):.4f}")
    print(f"same first category {same / len(rows):.4f}")


if __name__ == "__main__":
    main()
