"""Which versions there are, which is in use, and how that changes."""

from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from classifier.errors import BundleCorruptError, ModelNotFoundError, NothingToRollBackError
from classifier.registry.bundle import write_bundle
from classifier.registry.history import events
from classifier.registry.versions import Registry


def _version(root: Path, name: str, ledger: str = "small") -> Path:
    folder = root / ledger / name
    write_bundle(folder, {"from": root.name}, {"weights": np.zeros(1)}, {})
    return folder


def _names(registry: Registry, ledger: str = "small") -> list[str]:
    return [version.name for version in registry.versions(ledger)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for name in ("v1", "v2", "v10"):
        _version(root, name)
    return root


def test_versions_are_listed_oldest_first_by_number(root: Path) -> None:
    registry = Registry((root,))
    assert _names(registry) == ["v1", "v2", "v10"]
    assert _names(registry, "other") == []
    assert not any(version.in_use for version in registry.versions("small"))


def test_a_version_gives_its_manifest(root: Path) -> None:
    version = Registry((root,)).find("small", "v2")
    assert (version.ledger, version.folder) == ("small", root / "small" / "v2")
    assert version.manifest["from"] == "models"
    (version.folder / "manifest.json").unlink()
    with pytest.raises(BundleCorruptError):
        _ = version.manifest


def test_drafts_and_other_things_are_no_versions(root: Path) -> None:
    for name in (".draft-abc", "v", "vx", "v1b", "v1234567", "V3", "3", "version4"):
        (root / "small" / name).mkdir()
    (root / "small" / "v3").write_text("a file", encoding="utf-8")
    registry = Registry((root,))
    assert _names(registry) == ["v1", "v2", "v10"]
    assert registry.next_folder("small") == root / "small" / "v11"


def test_a_version_that_is_being_written_is_not_seen(tmp_path: Path) -> None:
    registry = Registry((tmp_path,))
    seen: list[list[str]] = []

    class Watching(dict[str, tuple[str, ...]]):
        def items(self):
            seen.append(_names(registry))
            return {"words": ("路灯",)}.items()

    write_bundle(registry.next_folder("small"), {}, {"weights": np.zeros(1)}, Watching())
    assert seen == [[]]
    assert _names(registry) == ["v1"]


def test_without_a_promotion_no_version_is_in_use(root: Path) -> None:
    registry = Registry((root,))
    assert registry.current_file("small") is None
    with pytest.raises(ModelNotFoundError, match="台账“small”还没有可用的模型；请先运行 fenban train"):
        registry.find("small")


def test_promotion_switches_the_version_in_use(root: Path) -> None:
    registry = Registry((root,))
    assert registry.promote("small", "v2").in_use
    assert registry.find("small").name == "v2"
    assert registry.promote("small", "v10").name == "v10"
    assert registry.find("small").name == "v10"
    assert [version.name for version in registry.versions("small") if version.in_use] == ["v10"]
    assert Registry((root,)).find("small").name == "v10"


def test_each_promotion_is_recorded_with_what_was_before(root: Path) -> None:
    registry = Registry((root,))
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for name in ("v1", "v10", "v1"):
        registry.promote("small", name)
    lines = (root / "small" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert [(event["before"], event["version"]) for event in told] == [("", "v1"), ("v1", "v10"), ("v10", "v1")]
    for event in told:
        assert start <= dt.datetime.fromisoformat(event["at"]) <= dt.datetime.now(dt.UTC)


def test_a_version_is_put_in_shadow_and_taken_out_on_record(root: Path) -> None:
    registry = Registry((root,))
    registry.promote("small", "v2")
    for name in ("v10", "v10", "v2", None, None):
        registry.shadow("small", name)
        assert registry.shadows() == ({"small": name} if name else {})
    told = [(one.before, one.version) for one in events(root / "small") if one.kind == "shadowed"]
    assert told == [("", "v10"), ("v10", "v2"), ("v2", "")]
    assert [one.kind for one in registry.history("small")] == ["promoted"]
    with pytest.raises(ModelNotFoundError):
        registry.shadow("small", "v7")


def test_a_version_that_is_not_there_cannot_be_promoted(root: Path) -> None:
    registry = Registry((root,))
    registry.promote("small", "v1")
    with pytest.raises(ModelNotFoundError, match="没有版本 v3；用 fenban models list"):
        registry.promote("small", "v3")
    assert registry.find("small").name == "v1"
    assert len((root / "small" / "history.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_promotion_leaves_no_drafts_and_a_file_others_can_read(root: Path) -> None:
    registry = Registry((root,))
    registry.promote("small", "v1")
    assert sorted(path.name for path in (root / "small").iterdir()) == [
        ".switch",
        "current",
        "history.jsonl",
        "v1",
        "v10",
        "v2",
    ]
    current = registry.current_file("small")
    assert current == root / "small" / "current"
    assert current.read_text(encoding="utf-8") == "v1\n"
    assert current.stat().st_mode & 0o444 == 0o444


def test_a_current_that_names_no_version_is_as_none(root: Path) -> None:
    (root / "small" / "current").write_text("v99\n", encoding="utf-8")
    with pytest.raises(ModelNotFoundError):
        Registry((root,)).find("small")


def test_readers_always_find_a_version_while_others_promote(root: Path) -> None:
    registry = Registry((root,))
    registry.promote("small", "v1")
    found: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            found.add(registry.find("small").name)

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(20):
        registry.promote("small", "v2")
        registry.promote("small", "v1")
    done.set()
    reader.join()
    assert found <= {"v1", "v2"}
    assert found


def test_several_folders_are_read_in_order_and_the_first_is_written(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    registry = Registry((own, root))
    assert registry.next_folder("small") == own / "small" / "v11"
    _version(own, "v11")
    assert _names(registry) == ["v1", "v2", "v10", "v11"]
    Registry((root,)).promote("small", "v2")
    assert registry.find("small").name == "v2"
    registry.promote("small", "v11")
    assert registry.find("small").folder == own / "small" / "v11"
    assert registry.current_file("small") == own / "small" / "current"
    assert Registry((root,)).find("small").name == "v2"
    event = json.loads((own / "small" / "history.jsonl").read_text(encoding="utf-8"))
    assert (event["before"], event["version"]) == ("v2", "v11")


def test_a_shared_version_is_promoted_in_ones_own_folder(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    registry = Registry((own, root))
    assert registry.promote("small", "v10").folder == root / "small" / "v10"
    assert (own / "small" / "current").is_file()
    assert not (root / "small" / "current").exists()


def test_a_version_of_ones_own_goes_before_a_shared_one_of_that_name(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    _version(own, "v2")
    assert Registry((own, root)).find("small", "v2").manifest["from"] == "own"
    assert Registry((root, own)).find("small", "v2").manifest["from"] == "models"


def test_the_next_version_counts_over_all_folders(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    registry = Registry((first, second))
    assert registry.next_folder("small") == first / "small" / "v1"
    _version(second, "v7")
    _version(first, "v3")
    assert registry.next_folder("small") == first / "small" / "v8"
    assert registry.next_folder("other") == first / "other" / "v1"


def test_ledgers_do_not_see_each_others_versions(root: Path) -> None:
    _version(root, "v5", "other")
    registry = Registry((root,))
    registry.promote("other", "v5")
    assert _names(registry, "other") == ["v5"]
    with pytest.raises(ModelNotFoundError):
        registry.find("small")


def test_two_builders_never_write_the_same_version(tmp_path: Path) -> None:
    def build() -> None:
        registry = Registry((tmp_path,))
        with registry.building("small"):
            _version(tmp_path, registry.next_folder("small").name)

    builders = [threading.Thread(target=build) for _ in range(8)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(30)
    assert _names(Registry((tmp_path,))) == [f"v{number}" for number in range(1, 9)]


def test_rolling_back_goes_one_version_back_at_a_time(root: Path) -> None:
    registry = Registry((root,))
    for name in ("v1", "v2", "v10"):
        registry.promote("small", name)
    assert registry.rollback("small").name == "v2"
    assert registry.find("small").name == "v2"
    assert registry.rollback("small").name == "v1"
    assert registry.rollback("small") is None
    assert registry.current_file("small") is None
    with pytest.raises(NothingToRollBackError, match="没有使用中的版本"):
        registry.rollback("small")
    registry.promote("small", "v2")
    assert [event.kind for event in registry.history("small")][-2:] == ["rolled_back", "promoted"]


def test_promoting_the_version_in_use_changes_nothing(root: Path) -> None:
    registry = Registry((root,))
    for name in ("v1", "v2", "v2"):
        registry.promote("small", name)
    assert len(registry.history("small")) == 2
    assert registry.rollback("small").name == "v1"


def test_a_history_cut_short_by_a_crash_still_tells_the_way_back(root: Path) -> None:
    """One event whose switch never came about, one line that was not written to its end."""
    registry = Registry((root,))
    registry.promote("small", "v1")
    registry.promote("small", "v2")
    with (root / "small" / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write('{"at": "", "kind": "promoted", "version": "v10", "before": "v2"}\n{"at": "2026-01')
    assert registry.rollback("small").name == "v1"


def test_what_was_promoted_before_there_was_a_history_cannot_be_rolled_back(root: Path) -> None:
    (root / "small" / "current").write_text("v2\n", encoding="utf-8")
    with pytest.raises(NothingToRollBackError, match="v2"):
        Registry((root,)).rollback("small")
    assert Registry((root,)).find("small").name == "v2"
