"""Small ledgers written on the spot: a sound one, and changes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SOUND = {
    "ledger.toml": 'name = "{name}"\ntitle = "测试台账"\n',
    "categories.csv": "code,name,parent\nA,环境,\nA1,噪声,A\nA2,污水,A\nB,劳动,\nB1,欠薪,B\n",
    "departments.csv": "code,name,level,aliases\nhb,环保局,市,环保\nrs,人社局,市,\nzf,镇政府,镇街,\n",
    "duties.csv": "category,lead\nA,环保局\nB1,rs\n",
    "regions.csv": "code,name,parent,aliases,department\nD,东镇,,,镇政府\nD1,王家村,D,,\n",
    "rules.csv": "name,pattern,effect\n坍塌,塌陷,urgency:特急\n",
    "deadlines.csv": "kind,urgency,working_hours\n"
    + "".join(
        f"{kind},{urgency},8\n"
        for kind in ("咨询", "求助", "投诉", "举报", "建议")
        for urgency in ("一般", "紧急", "特急")
    ),
}
CHILD = {
    "ledger.toml": 'name = "{name}"\ntitle = "下级台账"\nparent = "{parent}"\n',
    "categories.csv": "code,name\nX,环境类\nY,劳动类\n",
    "crosswalk.csv": "parent_code,code\nA,X\nB1,Y\n",
}

Files = Mapping[str, str | bytes | None]
WriteLedger = Callable[..., Path]


@pytest.fixture
def write_ledger(tmp_path: Path) -> WriteLedger:
    """Write a ledger to `tmp_path`: a sound one, or a child of `parent`, with some files changed or (None) absent."""

    def write(name: str = "place", changed: Files | None = None, parent: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, content in ({**(CHILD if parent else SOUND), **(changed or {})}).items():
            if content is not None:
                raw = content if isinstance(content, bytes) else _filled(content, name, parent).encode()
                (folder / file).write_bytes(raw)
        return folder

    return write


def _filled(content: str, name: str, parent: str) -> str:
    return content.replace("{name}", name).replace("{parent}", parent)


@pytest.fixture(scope="session")
def ledger_tables() -> Mapping[str, str]:
    """The files of the sound ledger, for changing."""
    return SOUND
