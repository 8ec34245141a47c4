"""Found a ledger for another place by copying one: its tables as a beginning, none of its notes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from classifier.catalogue.ledger import COLUMNS, find_ledger
from classifier.catalogue.settings import read_settings
from classifier.errors import LedgerExistsError, LedgerNameError

_STEPS = """# {name}：{title}

以 `{source}` 为样本建立。请依次核对，每改一处就运行 `fenban catalogue check {name}`：

1. `ledger.toml`：标题，情况通报的写法（`[report]`）。
2. `departments.csv`、`regions.csv`：换成本地的单位、乡镇和村；每个乡镇的 `department` 是它的属地单位。
3. `categories.csv`、`crosswalk.csv`：本地的类别，以及上级台账的类别各归哪一类。
4. `duties.csv`：每类由谁主办、谁协办；`@jurisdiction` 是属地乡镇。
5. `rules.csv`、`deadlines.csv`：本地的规则和时限。
6. 把带类别的记录放进 `complaints/`（可选），再运行 `fenban train --ledger {name}`。
"""


def found_ledger(name: str, source: str, ledgers: Path, title: str = "") -> Path:
    """Make the folder of a new ledger beside the others and return it.

    A copy of a ledger without a parent starts from that ledger: it takes over everything and holds tables with
    nothing but their headings, to be filled where the place differs.

    Raises:
        LedgerNotFoundError: there is none to copy.
        LedgerNameError: the name cannot be that of a folder.
        LedgerExistsError: a folder of that name is there already.
    """
    origin = find_ledger(source, ledgers)
    if not re.fullmatch(r"[\w-]+", name):
        raise LedgerNameError(name)
    folder = ledgers / name
    if folder.exists():
        raise LedgerExistsError(name)
    settings = read_settings(origin / "ledger.toml")
    title = title or f"{name}（样本：{settings.title}）"
    draft = ledgers / f".{name}.new"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "complaints").mkdir(parents=True)
    if settings.parent:
        toml = (origin / "ledger.toml").read_text(encoding="utf-8-sig")
        for table in COLUMNS:
            if (origin / table).exists():
                shutil.copyfile(origin / table, draft / table)
    else:
        toml = f'name = ""\ntitle = ""\nparent = {json.dumps(settings.name, ensure_ascii=False)}\n'
        for table in ("departments.csv", "duties.csv", "regions.csv", "rules.csv", "deadlines.csv"):
            required, optional = COLUMNS[table]
            (draft / table).write_text(",".join((*required, *optional)) + "\n", encoding="utf-8")
    (draft / "ledger.toml").write_text(_renamed(toml, name, title), encoding="utf-8")
    (draft / "README.md").write_text(_STEPS.format(name=name, title=title, source=source), encoding="utf-8")
    draft.rename(folder)
    return folder


def _renamed(toml: str, name: str, title: str) -> str:
    for setting, value in (("name", name), ("title", title)):
        line = f"{setting} = {json.dumps(value, ensure_ascii=False)}"
        toml = re.sub(rf"(?m)^{setting}\s*=.*$", line.replace("\\", r"\\"), toml, count=1)
    return toml
