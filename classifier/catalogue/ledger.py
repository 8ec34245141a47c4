"""A ledger (台账): everything a place teaches the system, read from one folder of plain files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from classifier.catalogue import checking
from classifier.catalogue.categories import CategoryTree, read_categories
from classifier.catalogue.crosswalk import Crosswalk, chain, identity, read_crosswalk
from classifier.catalogue.deadlines import DeadlineTable, read_deadlines
from classifier.catalogue.departments import DepartmentDirectory, read_departments
from classifier.catalogue.duties import DutyList, read_duties
from classifier.catalogue.regions import Gazetteer, read_regions
from classifier.catalogue.rules import RuleBook, read_rules
from classifier.catalogue.settings import LedgerSettings, read_settings, unknown_settings
from classifier.catalogue.tables import Finding, Findings, Row, read_optional
from classifier.errors import CatalogueError, LedgerNotFoundError, WrongCellError

COLUMNS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "categories.csv": (
        ("code", "name"),
        ("parent", "definition", "keywords", "valid_from", "valid_to", "replaced_by", "disposal"),
    ),
    "crosswalk.csv": (("parent_code", "code"), ("weight",)),
    "departments.csv": (("code", "name"), ("level", "aliases", "source")),
    "duties.csv": (("category", "lead"), ("assisting", "level", "region", "scope", "basis", "valid_from", "valid_to")),
    "regions.csv": (("code", "name"), ("parent", "aliases", "department", "source")),
    "rules.csv": (("name", "pattern", "effect"), ("reason",)),
    "deadlines.csv": (("kind", "urgency", "working_hours"), ("source",)),
}
"""The tables of a ledger: the columns each must have, and those it may have."""


@dataclass(frozen=True)
class Ledger:
    """A ledger with all it inherits. Departments, rules, deadlines and regions include the parent's."""

    folder: Path
    settings: LedgerSettings
    categories: CategoryTree
    departments: DepartmentDirectory
    duties: DutyList
    regions: Gazetteer
    rules: RuleBook
    deadlines: DeadlineTable
    crosswalk: Crosswalk | None = None
    parent: Ledger | None = None

    @property
    def name(self) -> str:
        """The ledger's name, which is also the folder of its models."""
        return self.settings.name

    @property
    def base(self) -> Ledger:
        """The ledger at the root, whose leaves the base model predicts."""
        return self.parent.base if self.parent else self

    @cached_property
    def lineage(self) -> Sequence[Ledger]:
        """This ledger and those it starts from, nearest first."""
        return [self, *(self.parent.lineage if self.parent else [])]

    @cached_property
    def projection(self) -> Crosswalk | None:
        """How the base's leaves become this ledger's; None for the base itself."""
        return chain(one.crosswalk for one in reversed(self.lineage) if one.crosswalk)

    @property
    def reporting_level(self) -> int:
        """The level at which categories are shown, counted from 1."""
        return self.settings.reporting_level or max(self.categories.depth, 1)

    @property
    def tells_scopes(self) -> bool:
        """Whether the matters of one household or village and those of many are told apart."""
        return self.settings.common_villages > 0

    @cached_property
    def tells_disposals(self) -> bool:
        """Whether matters are sorted by how they are to be settled (三类处置)."""
        return any(category.disposal for category in self.categories)

    @property
    def complaint_files(self) -> list[Path]:
        """The ledger's labelled complaints, in order of name."""
        return sorted((self.folder / "complaints").glob("*.csv"))

    @property
    def files(self) -> list[Path]:
        """Every file that decides this ledger, the parents' included, complaints not."""
        own = [self.folder / name for name in ("ledger.toml", *COLUMNS)]
        return [path for path in own if path.exists()] + (self.parent.files if self.parent else [])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the tables; equal tables have equal fingerprints."""
        digest = hashlib.sha256()
        for path in self.files:
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def known_ledgers(ledgers: Path) -> list[str]:
    """List the ledgers of a folder by name."""
    return sorted(path.parent.name for path in ledgers.glob("*/ledger.toml"))


def find_ledger(given: str, ledgers: Path) -> Path:
    """Return the folder of a ledger given by name or path.

    Raises:
        LedgerNotFoundError: there is none.
    """
    for folder in (ledgers / given, Path(given)):
        if given and (folder / "ledger.toml").is_file():
            return folder
    raise LedgerNotFoundError(given, known_ledgers(ledgers))


def load_ledger(given: str, ledgers: Path) -> Ledger:
    """Read a ledger and those it starts from.

    Raises:
        LedgerNotFoundError: it, or a ledger it starts from, is not there.
        CatalogueError: its tables are wrong.
        TableError: a file cannot be read at all.
    """
    ledger, findings = inspect_ledger(given, ledgers)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise CatalogueError(ledger.name, errors)
    return ledger


def inspect_ledger(given: str, ledgers: Path, descent: tuple[Path, ...] = ()) -> tuple[Ledger, list[Finding]]:
    """Read a ledger leniently and return it with all that is wrong in its own tables."""
    folder = find_ledger(given, ledgers)
    settings = read_settings(folder / "ledger.toml")
    if folder.resolve() in descent:
        raise WrongCellError(folder / "ledger.toml", "上级台账成环", column="parent")
    parent = None
    if settings.parent:
        parent, wrong = inspect_ledger(settings.parent, ledgers, (*descent, folder.resolve()))
        if any(finding.severity == "error" for finding in wrong):
            raise CatalogueError(parent.name, [finding for finding in wrong if finding.severity == "error"])
    return _assemble(folder, settings, parent)


def _assemble(folder: Path, settings: LedgerSettings, parent: Ledger | None) -> tuple[Ledger, list[Finding]]:
    findings = Findings(unknown_settings(folder / "ledger.toml"))

    def rows(name: str) -> list[Row]:
        required, optional = COLUMNS[name]
        table = read_optional(folder / name, required)
        checking.note_unknown_columns(table, (*required, *optional), findings)
        return table

    category_rows = rows("categories.csv")
    categories = read_categories(category_rows, findings) if category_rows or not parent else parent.categories
    departments = read_departments(rows("departments.csv"), findings)
    regions = read_regions(region_rows := rows("regions.csv"), findings)
    duties = read_duties(rows("duties.csv"), findings)
    rules = read_rules(rows("rules.csv"), findings)
    deadlines = read_deadlines(rows("deadlines.csv"), findings)
    rule_book = RuleBook(rule for _, rule in rules)
    crosswalk = None
    if parent:
        departments = departments.merged(parent.departments)
        regions = regions if len(regions) else parent.regions
        rule_book = rule_book.merged(parent.rules)
        deadlines = {**parent.deadlines, **deadlines}
        crosswalk = identity(categories)
        crosswalk_rows = rows("crosswalk.csv")
        if category_rows or crosswalk_rows:
            crosswalk = read_crosswalk(crosswalk_rows, parent.categories, categories, findings, parent.name)
    ledger = Ledger(
        folder,
        settings,
        categories,
        departments,
        DutyList(duty for _, duty in duties),
        regions,
        rule_book,
        deadlines,
        crosswalk,
        parent,
    )
    checking.check_references(ledger, duties, rules, region_rows, findings)
    return ledger, findings.found
