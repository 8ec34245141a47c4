"""The duty list (职责清单): who leads and who assists for a category, in a place, on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from classifier.catalogue.departments import LEVELS
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Duty, Scope


class DutyList:
    """Duties by category code; the most particular one in force answers."""

    def __init__(self, duties: Iterable[Duty]) -> None:
        self._by_category: dict[str, list[Duty]] = {}
        for duty in duties:
            self._by_category.setdefault(duty.category, []).append(duty)

    @property
    def scoped(self) -> bool:
        """Whether any duty depends on how far a matter reaches."""
        return any(duty.scope for duty in self)

    def __iter__(self) -> Iterator[Duty]:
        return (duty for duties in self._by_category.values() for duty in duties)

    def responsible(
        self, categories: Sequence[str], regions: Sequence[str], day: dt.date, scope: Scope | None = None
    ) -> Duty | None:
        """Return the duty in force, or None.

        Args:
            categories: a category's code and those above it, lowest first.
            regions: the codes of the place and of those it lies in, smallest first; empty when not known.
            day: the day that counts.
            scope: how far the matter reaches; without one, duties for a scope do not fit.

        A duty of the lower category goes before one of a higher; among these, one for the smaller region
        before one for the larger, and that before one for everywhere; then one for the very scope before one
        for any; then the latest to come into force.
        """
        rank = {code: len(regions) - at for at, code in enumerate(regions)}
        for category in categories:
            fitting = [
                duty
                for duty in self._by_category.get(category, ())
                if duty.validity.covers(day)
                and (not duty.region or duty.region in rank)
                and duty.scope in (None, scope)
            ]
            if fitting:
                return max(fitting, key=lambda duty: (rank.get(duty.region, 0), duty.scope is not None, _since(duty)))
        return None


def _since(duty: Duty) -> dt.date:
    return duty.validity.first or dt.date.min


def read_duties(rows: Iterable[Row], findings: Findings) -> list[tuple[Row, Duty]]:
    """Read the rows of a duty list; what they refer to is checked with the whole ledger."""
    duties = []
    for row in rows:
        if not row["category"] or not row["lead"]:
            findings.error(row, "category" if not row["category"] else "lead", "不能为空")
            continue
        if row["level"] and row["level"] not in LEVELS:
            findings.error(row, "level", f"“{row['level']}”不是层级；可用：{'、'.join(LEVELS)}")
        duties.append(
            (
                row,
                Duty(
                    row["category"],
                    row["lead"],
                    row.several("assisting"),
                    row["level"],
                    row["region"],
                    row["basis"],
                    row.validity(findings),
                    row.one_of("scope", Scope, findings),
                ),
            )
        )
    return duties
