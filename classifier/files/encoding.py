"""In which encoding a text file is written: decided by decoding it strictly in a fixed order, never by a guess."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final, NamedTuple

from classifier.errors import WrongEncodingError

_BLOCK: Final = 1 << 20
_EURO: Final = "fenban-euro"


class Encoding(NamedTuple):
    """What `open` needs to decode a file, and what people call it."""

    codec: str
    errors: str
    name: str


_MARKED: Final = Encoding("utf-16", "strict", "utf-16")
_IN_ORDER: Final = (
    Encoding("utf-8-sig", "strict", "utf-8-sig"),
    Encoding("gb18030", "strict", "gb18030"),
    # What Windows calls ANSI in China: GBK with the euro sign at a byte that GB18030 leaves unused.
    Encoding("gb18030", _EURO, "cp936"),
)
_NAMED_ONLY: Final = (Encoding("utf-16-le", "strict", "utf-16-le"), Encoding("big5hkscs", "strict", "big5hkscs"))
ENCODINGS: Final = {one.name: one for one in (*_IN_ORDER, _MARKED, *_NAMED_ONLY)}
"""Those a person may name; the last two decode almost anything, and so are never decided on."""


def _euro(error: UnicodeError) -> tuple[str, int]:
    """Decode the single byte 0x80, where a character begins, as Windows does; refuse every other."""
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == 0x80:
        return "€", error.start + 1
    raise error


codecs.register_error(_EURO, _euro)


def decide_encoding(path: Path, named: str | None = None) -> Encoding:
    """Return the first encoding that decodes the whole file: byte-order mark, UTF-8, GB18030, CP936; or the one named.

    Raises:
        WrongEncodingError: none does, names the furthest row that one of them reached; or not the one named.
    """
    if named is not None:
        return _check_named(path, named)
    with path.open("rb") as file:
        marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    bad_row = 0
    for encoding in (_MARKED,) if marked else _IN_ORDER:
        row = _first_bad_row(path, encoding)
        if row is None:
            return encoding
        bad_row = max(bad_row, row)
    raise WrongEncodingError(
        path, "不是 UTF-8、GB18030（GBK）或 UTF-16 编码，或已损坏；请在 Excel 中另存为“CSV UTF-8”", row=bad_row
    )


def _check_named(path: Path, named: str) -> Encoding:
    encoding = ENCODINGS.get(named)
    if encoding is None:
        raise WrongEncodingError(path, f"没有“{named}”这种编码；可用的编码：{'、'.join(ENCODINGS)}")
    row = _first_bad_row(path, encoding)
    if row is not None:
        raise WrongEncodingError(path, f"不是 {named} 编码；请另选编码，或不指定", row=row)
    return encoding


def _first_bad_row(path: Path, encoding: Encoding) -> int | None:
    """Return the row with the first byte that `encoding` cannot decode, or None when it decodes them all."""
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    row = 1
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                row += decoder.decode(block).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return row + error.object[: error.start].decode(encoding.codec, "ignore").count("\n")
    return None
