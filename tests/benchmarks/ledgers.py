"""How well the shipped child ledgers sort their own visit notes: categories, lead departments, regions.

    python tests/benchmarks/ledgers.py --half held_out
    python tests/benchmarks/ledgers.py --half tuning --wrong qilihe

The tuning half (`complaints/`) is what crosswalks and tables were tuned on; the held-out half (`notes/held_out.csv`)
was set apart before. With versions of a ledger's own trained on `complaints/`, only the held-out half says anything.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path

from classifier.catalogue.ledger import load_ledger
from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

LEDGERS = ("qilihe", "jiawang", "luhuo", "tangwu", "beicheng")
HALVES = {"tuning": "complaints/visits.csv", "held_out": "notes/held_out.csv"}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judge(row: Mapping[str, str], suggester: Suggester) -> dict[str, tuple[str, str]]:
    """Return, for each thing that is asked, what was wanted and what was suggested."""
    ledger = suggester.ledger
    said = suggester.suggest(Complaint(row["text"]), with_evidence=False)
    leaf = ledger.categories.find(row["category"])
    pairs = {
        "category": (ledger.categories.at_level(leaf, ledger.reporting_level).path, said.categories[0].category.path),
        "lead": (row["department"], said.departments[0].department.name if said.departments else ""),
        "region": (row["region"], said.region.path if said.region else ""),
    }
    for name, value in (("scope", said.scope), ("disposal", said.disposal)):
        if row.get(name):
            pairs[name] = (row[name], str(value or ""))
    return pairs


def main() -> None:
    """Print a line of figures for each ledger, and what went wrong in one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=HALVES, default="held_out")
    parser.add_argument("--wrong", choices=LEDGERS)
    given = parser.parse_args()
    places = Places.from_environment()
    for name in LEDGERS:
        folder = load_ledger(name, places.ledgers).folder
        rows = _read(folder / HALVES[given.half])
        suggester = open_desk(places, name)
        judged = [judge(row, suggester) for row in rows]
        shown = []
        for asked in judged[0]:
            right = sum(one[asked][0] == one[asked][1] for one in judged)
            shown.append(f"{asked} {right / len(judged):.3f}")
        print(f"{name:9} {len(rows)} notes  {'  '.join(shown)}  ({suggester.model.name})")
        if given.wrong == name:
            for row, one in zip(rows, judged, strict=True):
                wrong = {asked: pair for asked, pair in one.items() if pair[0] != pair[1]}
                if wrong:
                    print(" ", row["id"], wrong)


if __name__ == "__main__":
    main()
