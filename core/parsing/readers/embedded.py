"""Pictures inside documents that may hold text, a scan pasted into a letter for instance: read where they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder
from core.parsing.limits import MIB
from core.parsing.ocr.picture import FORMATS, of_image
from core.parsing.readers.archive import Archive
from core.parsing.recogniser import Picture, Word

if TYPE_CHECKING:
    from PIL import Image

_SMALLEST_SIDE, _SMALLEST_PIXELS = 50, 60_000  # smaller ones are logos and icons: a line of text has 400 x 150 at least
_LARGEST_PIXELS = 50_000_000
_LARGEST_BYTES = 32 * MIB
_FEWEST_LETTERS = 12  # less is what is seen in photos and on logos
_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp")


class _Unreadable(Exception):
    """The picture is damaged; the document around it is not."""


class Pictures:
    """The pictures of one document. Each is read once, however often it is shown; the limits say how many at most."""

    def __init__(self, archive: Archive, out: DocumentBuilder) -> None:
        self._archive = archive
        self._out = out
        self._left_bytes = out.limits.archive_total_bytes
        self._names: set[str] = set()
        self._seen: set[bytes] = set()

    def write(self, name: str) -> None:
        """Write the text of the picture in this part, or count it as one that waits to be read."""
        out = self._out
        if len(self._seen) >= out.limits.embedded_pictures or not (data := self._data(name)):
            return
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if digest in self._seen:
            return
        with _opened(data) as image:
            if image is None or not may_hold_text(image.width, image.height):
                return
            self._seen.add(digest)
            if out.recogniser is None:
                out.unread_pages += 1
                return
            out.begin_recognition()
            try:
                words = out.recogniser.page(len(self._seen) - 1, partial(_grey, image))
            except _Unreadable:
                return
        self._write(words)

    def write_related(self, parts: Mapping[str, tuple[str, str]], key: str) -> None:
        """The same for the part that a document's part names by this id (package.py), if it is a picture."""
        kind, name = parts.get(key, ("", ""))
        if kind == "image":
            self.write(name)

    def _data(self, name: str) -> bytes:
        if name in self._names or not name.lower().endswith(_SUFFIXES):
            return b""
        self._names.add(name)
        data = self._archive.read_extra(name, min(_LARGEST_BYTES, self._left_bytes))
        self._left_bytes -= len(data)
        return data

    def _write(self, words: tuple[Word, ...]) -> None:
        from core.parsing.ocr.layout import write_words

        if sum(map(str.isalnum, "".join(word.text for word in words))) < _FEWEST_LETTERS:
            return
        with self._out.from_picture():
            write_words(words, self._out, headings=False)


def _grey(image: Image.Image) -> Picture:
    try:
        return of_image(image)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they meet
        raise _Unreadable from error


def may_hold_text(width: int, height: int) -> bool:
    """Whether a picture of this size, in pixels, is worth a look."""
    return min(width, height) >= _SMALLEST_SIDE and _SMALLEST_PIXELS <= width * height <= _LARGEST_PIXELS


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image | None]:
    """The image, nothing of it decoded yet; None where there is none that can be read."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (OSError, ValueError, SyntaxError):  # what is no image is an OSError
        yield None
        return
    with image:
        yield image
