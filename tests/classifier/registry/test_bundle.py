"""A stored model comes back as it was, or is refused; it never runs code."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from classifier.errors import BundleCorruptError, BundleIncompatibleError
from classifier.registry.bundle import FORMAT, MANIFEST, Bundle, read_bundle, read_manifest, write_bundle

WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)
CLASSES = np.array([3, 1, 2], dtype=np.uint64)
WORDS = ("路灯", "小区 物业", "", "𠮷")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound bundle."""
    folder = tmp_path / "small" / "v1"
    write_bundle(
        folder, {"ledger": "small", "说明": "测试"}, {"weights": WEIGHTS, "classes": CLASSES}, {"words": WORDS}
    )
    return folder


def _rewrite_manifest(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    manifest = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put other content in a file's place, as one who also mends the manifest would."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    _rewrite_manifest(folder, files={**files, name: hashlib.sha256(content).hexdigest()})


def test_a_bundle_reads_back_as_it_was_written(folder: Path) -> None:
    bundle = read_bundle(folder)
    assert bundle.manifest["ledger"] == "small"
    assert bundle.manifest["说明"] == "测试"
    assert bundle.manifest["format"] == FORMAT
    assert set(bundle.manifest["files"]) == {"weights.npy", "classes.npy", "words.txt"}
    assert bundle.texts == {"words": WORDS}
    assert set(bundle.arrays) == {"weights", "classes"}
    np.testing.assert_array_equal(bundle.arrays["weights"], WEIGHTS)
    assert bundle.arrays["classes"].dtype == np.uint64
    assert read_manifest(folder) == bundle.manifest


_ARRAYS = arrays_of.arrays(
    st.sampled_from([np.float32, np.float64, np.int32, np.uint64, np.bool_]),
    arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)
_LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=5).map(tuple)


@given(array=_ARRAYS, lines=_LINES)
def test_any_array_and_word_list_read_back(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, lines: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("models") / "v1"
    write_bundle(folder, {}, {"array": array}, {"lines": lines})
    bundle = read_bundle(folder)
    np.testing.assert_array_equal(bundle.arrays["array"], array)
    assert bundle.arrays["array"].dtype == array.dtype
    assert bundle.texts["lines"] == (lines if lines != ("",) else ())


def test_arrays_that_are_not_contiguous_are_stored_as_they_look(tmp_path: Path) -> None:
    write_bundle(tmp_path / "v1", {}, {"turned": WEIGHTS.T[::-1]}, {})
    np.testing.assert_array_equal(read_bundle(tmp_path / "v1").arrays["turned"], WEIGHTS.T[::-1])


def test_arrays_are_mapped_and_cannot_be_changed(folder: Path) -> None:
    weights = read_bundle(folder).arrays["weights"]
    assert isinstance(weights, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 9


@pytest.mark.parametrize("name", ["weights.npy", "words.txt"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleCorruptError, match=f"small/v1：缺少 {name}；请回退到其他版本"):
        read_bundle(folder)


@pytest.mark.parametrize("name", ["weights.npy", "classes.npy", "words.txt"])
@pytest.mark.parametrize("at", [0, -1])
def test_one_changed_byte_is_noticed(folder: Path, name: str, at: int) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[at] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(BundleCorruptError, match=f"{name} 与写入时不同"):
        read_bundle(folder)


def test_a_file_cut_short_is_noticed(folder: Path) -> None:
    raw = (folder / "weights.npy").read_bytes()
    (folder / "weights.npy").write_bytes(raw[:-4])
    with pytest.raises(BundleCorruptError, match=r"weights\.npy 与写入时不同"):
        read_bundle(folder)


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b"\x80"])
def test_a_manifest_that_is_missing_or_damaged_is_refused(folder: Path, content: bytes | None) -> None:
    if content is None:
        (folder / MANIFEST).unlink()
    else:
        (folder / MANIFEST).write_bytes(content)
    for read in (read_manifest, read_bundle):
        with pytest.raises(BundleCorruptError, match=r"manifest\.json 缺失或损坏"):
            read(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleCorruptError, match="缺失或损坏"):
        read_bundle(tmp_path / "none")


@pytest.mark.parametrize("files", [None, {}, [], "weights.npy"])
def test_a_manifest_that_lists_no_files_is_refused(folder: Path, files: object) -> None:
    _rewrite_manifest(folder, files=files)
    with pytest.raises(BundleCorruptError, match="没有列出文件"):
        read_bundle(folder)


def test_the_format_of_before_is_still_read(folder: Path) -> None:
    _rewrite_manifest(folder, format=FORMAT - 1)
    assert read_bundle(folder).manifest["format"] == FORMAT - 1


@pytest.mark.parametrize("other", [FORMAT + 1, "1", None, [1]])
def test_another_format_is_refused_as_such(folder: Path, other: object) -> None:
    _rewrite_manifest(folder, format=other)
    with pytest.raises(BundleIncompatibleError, match=f"需要 {FORMAT}；请重新训练"):
        read_bundle(folder)


@pytest.mark.parametrize("content", ["[]", "3", '"x"', "null"])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(BundleIncompatibleError, match="格式是 None"):
        read_bundle(folder)


class _Planted:
    """When unpickled, would leave a file behind."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._mark,)


def test_an_array_of_objects_is_refused_and_never_unpickled(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "unpickled"
    pickle.loads(pickle.dumps(_Planted(mark)))  # noqa: S301
    assert mark.exists()
    mark.unlink()
    np.save(tmp_path / "objects.npy", np.array([_Planted(mark)], dtype=object), allow_pickle=True)
    _replace_file(folder, "weights.npy", (tmp_path / "objects.npy").read_bytes())
    with pytest.raises(BundleCorruptError, match=r"weights\.npy 不是数值数组"):
        read_bundle(folder)
    assert not mark.exists()


def test_a_pickle_in_an_arrays_place_is_refused_and_never_unpickled(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "unpickled"
    _replace_file(folder, "weights.npy", pickle.dumps(_Planted(mark)))
    with pytest.raises(BundleCorruptError, match=r"weights\.npy 不是数值数组"):
        read_bundle(folder)
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_array_is_refused_though_its_hash_is_right(folder: Path, content: bytes) -> None:
    _replace_file(folder, "weights.npy", content)
    with pytest.raises(BundleCorruptError, match=r"weights\.npy 不是数值数组"):
        read_bundle(folder)


def test_a_word_list_that_is_no_text_is_refused_though_its_hash_is_right(folder: Path) -> None:
    _replace_file(folder, "words.txt", b"\xff\xfe\xff")
    with pytest.raises(BundleCorruptError, match=r"words\.txt"):
        read_bundle(folder)


def test_an_array_of_objects_cannot_be_written_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        write_bundle(tmp_path / "v1", {}, {"good": WEIGHTS, "objects": np.array([{}], dtype=object)}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_cannot_lead_out_of_its_folder(folder: Path) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("秘密", encoding="utf-8")
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()
    _rewrite_manifest(folder, files={"../outside.txt": digest})
    with pytest.raises(BundleCorruptError, match=r"缺少 outside\.txt"):
        read_bundle(folder)


def test_a_bundle_that_stands_is_not_written_over(folder: Path) -> None:
    with pytest.raises(OSError, match="not empty"):
        write_bundle(folder, {"ledger": "other"}, {"weights": WEIGHTS + 1}, {})
    np.testing.assert_array_equal(read_bundle(folder).arrays["weights"], WEIGHTS)
    assert [path.name for path in folder.parent.iterdir()] == ["v1"]


def test_an_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    class Interrupting(dict[str, tuple[str, ...]]):
        def items(self) -> Any:
            # The arrays are written by now; nothing may have taken its place yet.
            assert [path.name[:7] for path in tmp_path.iterdir()] == [".draft-"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bundle(tmp_path / "v1", {}, {"weights": WEIGHTS}, Interrupting())
    assert list(tmp_path.iterdir()) == []


def test_other_users_may_read_a_bundle(folder: Path) -> None:
    assert folder.stat().st_mode & 0o555 == 0o555
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.iterdir())


def test_the_callers_arrays_are_left_alone(tmp_path: Path) -> None:
    mine = WEIGHTS.copy()
    write_bundle(tmp_path / "v1", {}, {"weights": mine}, {})
    mine[0, 0] = 99
    bundle = read_bundle(tmp_path / "v1")
    assert isinstance(bundle, Bundle)
    np.testing.assert_array_equal(bundle.arrays["weights"], WEIGHTS)
