"""Versions on disk: whole or not there, switched in one step, read from several folders."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from classifier.errors import BundleCorruptError, BundleIncompatibleError, FenbanError, ModelNotFoundError
from classifier.registry.bundle import MANIFEST, read_bundle, write_bundle
from classifier.registry.versions import Registry


def _write(folder: Path, number: float = 1.0) -> Path:
    write_bundle(
        folder,
        {"ledger": "x"},
        {"a": np.full(3, number), "e": np.zeros((0, 2))},
        {"words": ("路灯", "工资"), "none": ()},
    )
    return folder


def test_a_bundle_reads_back_as_it_was_written(tmp_path: Path) -> None:
    bundle = read_bundle(_write(tmp_path / "x" / "v1"))
    np.testing.assert_array_equal(bundle.arrays["a"], [1, 1, 1])
    assert bundle.arrays["e"].shape == (0, 2)
    assert bundle.texts == {"words": ("路灯", "工资"), "none": ()}
    assert isinstance(bundle.arrays["a"], np.memmap)


def test_a_bundle_is_never_written_over_another(tmp_path: Path) -> None:
    _write(tmp_path / "v1")
    with pytest.raises(OSError, match=r"not empty|exists"):
        _write(tmp_path / "v1", 2.0)
    np.testing.assert_array_equal(read_bundle(tmp_path / "v1").arrays["a"], [1, 1, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


@pytest.mark.parametrize("name", ["a.npy", "words.txt", MANIFEST])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path / "v1")
    (folder / name).unlink()
    with pytest.raises(BundleCorruptError, match=name):
        read_bundle(folder)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    folder = _write(tmp_path / "v1")
    content = bytearray((folder / "a.npy").read_bytes())
    content[-1] ^= 1
    (folder / "a.npy").write_bytes(content)
    with pytest.raises(BundleCorruptError, match=r"a\.npy"):
        read_bundle(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99, "files": {"a.npy": "x"}}', '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    folder = _write(tmp_path / "v1")
    (folder / MANIFEST).write_text(content, "utf-8")
    with pytest.raises((BundleCorruptError, BundleIncompatibleError)):
        read_bundle(folder)


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    import hashlib

    folder = _write(tmp_path / "v1")
    np.save(folder / "a.npy", np.array([{"evil": 1}], dtype=object), allow_pickle=True)
    (folder / "b.npy").write_bytes(pickle.dumps({"evil": 1}))
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    for name in ("a.npy", "b.npy"):
        manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
        with pytest.raises(BundleCorruptError, match=name):
            read_bundle(folder)


def test_a_manifest_cannot_reach_outside_its_folder(tmp_path: Path) -> None:
    folder = _write(tmp_path / "v1")
    (tmp_path / "secret.txt").write_text("x", "utf-8")
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["files"]["../secret.txt"] = "0"
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(BundleCorruptError, match=r"缺少 secret\.txt"):
        read_bundle(folder)


def test_no_version_is_in_use_until_one_is_promoted(tmp_path: Path) -> None:
    registry = Registry((tmp_path,))
    _write(registry.next_folder("x"))
    assert [(version.name, version.in_use) for version in registry.versions("x")] == [("v1", False)]
    with pytest.raises(ModelNotFoundError):
        registry.find("x")
    registry.promote("x", "v1")
    assert registry.find("x").name == "v1"


def test_a_switch_is_recorded_with_what_was_before(tmp_path: Path) -> None:
    registry = Registry((tmp_path,))
    for _ in range(2):
        _write(registry.next_folder("x"))
    registry.promote("x", "v1")
    registry.promote("x", "v2")
    history = [json.loads(line) for line in (tmp_path / "x" / "history.jsonl").read_text("utf-8").splitlines()]
    assert [(event["before"], event["promoted"]) for event in history] == [(None, "v1"), ("v1", "v2")]
    with pytest.raises(FenbanError):
        registry.promote("x", "v7")
    assert registry.find("x").name == "v2"


def test_folders_are_read_in_order_and_the_first_is_written(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    Registry((shared,)).promote("x", _write(shared / "x" / "v1").name)
    registry = Registry((own, shared))
    assert registry.find("x").folder == shared / "x" / "v1"
    assert registry.next_folder("x") == own / "x" / "v2"
    _write(registry.next_folder("x"), 2.0)
    registry.promote("x", "v2")
    assert registry.find("x").folder == own / "x" / "v2"
    assert Registry((shared,)).find("x").name == "v1"
    registry.promote("x", "v1")
    assert registry.find("x").folder == shared / "x" / "v1"


def test_drafts_and_other_folders_are_no_versions(tmp_path: Path) -> None:
    for name in (".draft-v1", "vx", "v1.old", "notes"):
        (tmp_path / "x" / name).mkdir(parents=True)
    assert Registry((tmp_path,)).versions("x") == []
