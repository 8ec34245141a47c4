"""The order of the text stages, stated once; training and serving both read complaints through it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib.metadata import version

from classifier.compiled import kernel
from classifier.domain import Complaint, PersonalData
from classifier.errors import ComplaintTooLongError, EmptyComplaintError, NotTextError
from classifier.text.aligned import AlignedText
from classifier.text.masking import Found, mask, redact
from classifier.text.normalisation import letters, normalise
from classifier.text.pronunciation import HAN
from classifier.text.segmentation import Segmenter, default_segmenter, words_between

LONGEST = 50_000
"""Characters of title or text beyond which it is not a complaint but a document."""

_LETTER = re.compile(r"[^\W_]")
_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class ReadField:
    """Title or text after normalising, masking and segmenting; `found` is placed in the original.

    `ends` says where each word of the text ends, as int32; `unmasked` is the text before masking: for comparing, never
    for storing.
    """

    aligned: AlignedText
    ends: bytes = field(repr=False)
    found: tuple[Found, ...]
    unmasked: str = field(repr=False)

    @property
    def text(self) -> str:
        """The normalised, masked text."""
        return self.aligned.text

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the text, which joined are the text."""
        return tuple(words_between(self.text, self.ends))


_NOTHING = ReadField(AlignedText.whole(""), b"", (), "")


@dataclass(frozen=True, slots=True)
class ReadComplaint:
    """A complaint as the model reads it."""

    title: ReadField
    body: ReadField

    @property
    def fields(self) -> tuple[tuple[str, ReadField], ...]:
        """The fields by their names in `Complaint`."""
        return (("title", self.title), ("text", self.body))

    @property
    def text(self) -> str:
        """The normalised, masked title and text, a line each."""
        return f"{self.title.text}\n{self.body.text}"

    @property
    def heading(self) -> ReadComplaint:
        """The title alone, as if it were all that is said."""
        return ReadComplaint(_NOTHING, self.title)

    @property
    def han_count(self) -> int:
        """Number of Chinese characters in title and text."""
        return _count_han(self.title.text) + _count_han(self.body.text)

    @property
    def said(self) -> str:
        """The letters of title and text: equal for complaints that say the same, whatever their punctuation."""
        return letters(self.title.unmasked) + letters(self.body.unmasked)

    @property
    def personal_data(self) -> tuple[PersonalData, ...]:
        """Personal data of both fields, placed in the originals."""
        return tuple(
            PersonalData(name, one.start, one.end, one.kind) for name, read in self.fields for one in read.found
        )

    def redacted(self) -> tuple[str, str]:
        """Return the original title and text with personal data replaced by its kind."""
        return redact(self.title.aligned.original, self.title.found), redact(
            self.body.aligned.original, self.body.found
        )


def said(complaint: Complaint) -> str:
    """Return the letters of title and text: equal for complaints that say the same, whatever their punctuation."""
    return letters(normalise(complaint.title).text) + letters(normalise(complaint.text).text)


def _count_han(text: str) -> int:
    count: int = kernel.count_han(text) if kernel is not None else len(_HAN.findall(text))
    return count


def fingerprint(complaint: Complaint) -> int:
    """Return 64 bits that stand for what a complaint says, its letters alone."""
    return int.from_bytes(hashlib.blake2b(said(complaint).encode(), digest_size=8).digest(), "big")


class TextPipeline:
    """Reads complaints: normalise → mask → segment. Equal `fingerprint` means equal reading."""

    def __init__(self, segmenter: Segmenter | None = None) -> None:
        self._segmenter = segmenter or default_segmenter()

    @property
    def fingerprint(self) -> str:
        """Name everything that decides what a text becomes; a model keeps it and refuses another."""
        return f"text-1/{self._segmenter.name}-{version(self._segmenter.name)}"

    def read(self, complaint: Complaint) -> ReadComplaint:
        """Read one complaint.

        Raises:
            EmptyComplaintError: neither title nor text has a letter or character.
            ComplaintTooLongError: a field is longer than `LONGEST`.
            NotTextError: a field is not a string.
        """
        for given in (complaint.title, complaint.text):
            if not isinstance(given, str):
                raise NotTextError(type(given).__name__)
            if len(given) > LONGEST:
                raise ComplaintTooLongError(len(given), LONGEST)
        read = ReadComplaint(self.read_field(complaint.title), self.read_field(complaint.text))
        if not _LETTER.search(read.title.text) and not _LETTER.search(read.body.text):
            raise EmptyComplaintError
        return read

    def read_field(self, text: str) -> ReadField:
        """Read one text by itself."""
        if not text:
            return _NOTHING
        normal = normalise(text)
        aligned, found = mask(normal)
        return ReadField(aligned, self._segmenter.ends(aligned.text), found, normal.text)
