"""Reads by OCR the pictures embedded in a document, such as a scan pasted into a letter, in their place in the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder
from core.parsing.limits import MIB
from core.parsing.ocr.picture import IMAGE_FORMATS, picture_of_image
from core.parsing.ocr_engine import OcrWord, Picture
from core.parsing.readers.archive import Archive

if TYPE_CHECKING:
    from PIL import Image

_MIN_SIDE, _MIN_PIXELS = (
    50,
    60_000,
)  # smaller ones are logos and icons; a line of text has 400 x 150 or more
_MAX_PIXELS = 50_000_000
_MAX_BYTES = 32 * MIB
_MIN_CHARACTERS = 12  # letters and digits; fewer are read into photos and logos
_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp")


class _DamagedPicture(Exception):
    """Only the picture is damaged; the document around it is read on."""


class EmbeddedPictures:
    """The pictures embedded in one document. Each is read once, however often it is shown, up to
    `limits.embedded_pictures`."""

    def __init__(self, archive: Archive, out: DocumentBuilder) -> None:
        self._archive = archive
        self._out = out
        self._left_bytes = out.limits.archive_total_bytes
        self._names: set[str] = set()
        self._seen: set[bytes] = set()

    def write(self, name: str) -> None:
        """Write the text of the picture in the part `name`; without OCR, count it as unread."""
        out = self._out
        if len(self._seen) >= out.limits.embedded_pictures or not (data := self._read_new(name)):
            return
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if digest in self._seen:
            return
        with _opened(data) as image:
            if image is None or not may_hold_text(image.width, image.height):
                return
            self._seen.add(digest)
            if out.ocr is None:
                out.unread_pictures += 1
                return
            out.begin_ocr()
            try:
                words = out.ocr.read_page(len(self._seen) - 1, partial(_grey, image))
            except _DamagedPicture:
                return
        self._write_words(words)

    def write_relation(self, parts: Mapping[str, tuple[str, str]], key: str) -> None:
        """Write the picture that a part refers to by the relation id `key`, if it is one; `parts` are the part's
        relations (`core.parsing.readers.package.relations_by_id`)."""
        kind, name = parts.get(key, ("", ""))
        if kind == "image":
            self.write(name)

    def _read_new(self, name: str) -> bytes:
        """Return the bytes of a picture; b"" if it was read before, is too large or is of no format that is read."""
        if name in self._names or not name.lower().endswith(_SUFFIXES):
            return b""
        self._names.add(name)
        data = self._archive.read_optional(name, min(_MAX_BYTES, self._left_bytes))
        self._left_bytes -= len(data)
        return data

    def _write_words(self, words: tuple[OcrWord, ...]) -> None:
        from core.parsing.ocr.layout import write_words

        if sum(map(str.isalnum, "".join(word.text for word in words))) < _MIN_CHARACTERS:
            return
        with self._out.marked_as_ocr():
            write_words(words, self._out, headings=False)


def _grey(image: Image.Image) -> Picture:
    try:
        return picture_of_image(image)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise all kinds of exceptions
        raise _DamagedPicture from error


def may_hold_text(width: int, height: int) -> bool:
    """Return whether a picture of this size, in pixels, is worth reading."""
    return min(width, height) >= _MIN_SIDE and _MIN_PIXELS <= width * height <= _MAX_PIXELS


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image | None]:
    """Open an image without decoding it; None if it is no image of a known format."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded
    try:
        image = Image.open(BytesIO(data), formats=IMAGE_FORMATS)
    except (OSError, ValueError, SyntaxError):  # OSError includes Pillow's UnidentifiedImageError
        yield None
        return
    with image:
        yield image
