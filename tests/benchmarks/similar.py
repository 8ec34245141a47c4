"""What the store says is like a complaint, beside what people said: near-duplicates by `group`, matters by `category`.

    python tests/benchmarks/similar.py MESSAGES.csv [--show 30]

Messages are recorded one after the other, as at intake. A near-duplicate is right where both have one `group`; a matter
is right, as far as labels tell, where both have one `category`. `--show` prints pairs said to be one matter, to be read.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import Any

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from service.recording import Intake, record
from service.similar import findable
from service.store.database import Store, now
from service.store.migration import migrate

Pair = tuple[int, int]


def _intake(complaint: Complaint, suggester: Suggester) -> Intake:
    understood = suggester.understand(complaint)
    read = understood.encoded.complaint
    expires = now() + dt.timedelta(days=180)
    said = suggester.conclude(complaint, understood)
    kept = findable(read, suggester.ledger.name, b"benchmark")
    return Intake(suggester.ledger.name, complaint.id, dt.date.today(), *read.redacted(), expires, said, kept)


def _recorded(rows: list[dict[str, str]], suggester: Suggester) -> dict[str, list[Pair]]:
    """Record the messages and return, by relation, which earlier one is shown first with each."""
    found: dict[str, list[Pair]] = {"duplicate": [], "matter": []}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/store.db")
        migrate(store)
        with store.writing() as connection:
            for number, row in enumerate(rows):
                complaint = Complaint(row["text"], row.get("title", ""), id=str(number))
                (answer,) = record(connection, [_intake(complaint, suggester)])
                if isinstance(answer, Exception):
                    raise answer
                similar: list[dict[str, Any]] = json.loads(answer.body)["similar"]
                for relation in {one["relation"] for one in similar}:
                    first = next(one for one in similar if one["relation"] == relation)
                    found[relation].append((int(first["ticket"]), number))
        store.close()
    return found


def _share(pairs: list[Pair], values: list[str]) -> float:
    return sum(values[one] == values[other] for one, other in pairs) / max(len(pairs), 1)


def _some(pairs: list[Pair], count: int) -> list[Pair]:
    """Return pairs from all over the run."""
    return pairs[:: max(1, len(pairs) // count)][:count] if count else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="hotline")
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args()
    with given.messages.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = _recorded(rows, open_desk(Places.from_environment(), given.ledger))
    groups, categories = ([row[name] for row in rows] for name in ("group", "category"))
    again = [at for at, group in enumerate(groups) if group in groups[:at]]
    told = {number for _, number in found["duplicate"]}
    print("| what | shown for | right | found of those there are |\n|---|---|---|---|")
    recall = sum(at in told for at in again) / max(len(again), 1)
    print(f"| near-duplicate, by group | {len(told)} | {_share(found['duplicate'], groups):.3f} | {recall:.3f} |")
    print(f"| one matter, by category | {len(found['matter'])} | {_share(found['matter'], categories):.3f} | – |")
    for one, other in _some(found["matter"], given.show):
        print("\n--", *(f"{rows[at]['title']} {rows[at]['text'][:160]}" for at in (one, other)), sep="\n* ")


if __name__ == "__main__":
    main()
