"""The OCR engine of one document: counts its pictures, turns them upright and keeps what was read before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from core.parsing.ocr.recogniser import Recogniser
from core.parsing.ocr_engine import OcrWord, Picture

_SURE_CONFIDENCE = 0.6
_UPRIGHT_SHARE = 0.7  # of a text's score, were all of it upright and certain
_LONG_WORD = 3  # characters; shorter words may be higher than wide in upright text too
_PAGES_PER_DOCUMENT = 1 << 16  # more than the limits allow a document to have


@dataclass(slots=True)
class _Budget:
    """Shared by a document and all documents inside it: the pictures that may still be read, and the number of embedded
    documents so far."""

    pictures: int
    embedded_documents: int = 0


class TesseractEngine:
    """Reads up to `max_pictures` pictures of one document. `saved_pages` are pages read before, as `on_page` received
    them."""

    def __init__(
        self,
        recogniser: Recogniser,
        max_pictures: int,
        saved_pages: Mapping[int, str] | None = None,
        on_page: Callable[[int, str], None] | None = None,
    ) -> None:
        self._recogniser = recogniser
        self._saved_pages = saved_pages or {}
        self._on_page = on_page
        self._rotation = 0  # of the last page: likely that of the next
        self._budget = _Budget(max_pictures)
        self._first_page = 0

    def for_embedded_document(self) -> TesseractEngine:
        """Return an engine that shares the limit, with page numbers that no other document inside this one has."""
        self._budget.embedded_documents += 1
        other = copy(self)
        other._first_page = self._budget.embedded_documents * _PAGES_PER_DOCUMENT
        return other

    def read_page(self, index: int, picture: Callable[[], Picture]) -> tuple[OcrWord, ...]:
        """Return the words of the page, or embedded picture, `index`; none once the limit is reached. `picture` is
        called only if that page has not been read before."""
        self._budget.pictures -= 1
        if self._budget.pictures < 0:
            return ()
        index += self._first_page
        if index in self._saved_pages:
            return _unpack(self._saved_pages[index])
        words = self.read_picture(picture())
        if self._on_page is not None:
            self._on_page(index, _pack(words))
        return words

    def read_picture(self, picture: Picture) -> tuple[OcrWord, ...]:
        """Return the words of `picture`, with their boxes in the rotation in which its text is upright."""
        best: tuple[OcrWord, ...] = ()
        for rotation in dict.fromkeys((self._rotation, 0, 90, 270, 180)):
            words = self._recogniser.words(picture.rotated(rotation))
            if _score(words) > _score(best):
                best, self._rotation = words, rotation
            if not words or _is_mostly_upright(words):
                break  # where nothing looks like a letter, other rotations will show none either
        return best if _is_text(best) else ()


def _pack(words: Sequence[OcrWord]) -> str:
    return json.dumps([(w.text, w.left, w.top, w.width, w.height, w.confidence) for w in words], ensure_ascii=False)


def _unpack(packed: str) -> tuple[OcrWord, ...]:
    return tuple(OcrWord(*values) for values in json.loads(packed))


def _is_text(words: Sequence[OcrWord]) -> bool:
    """Whether most of the text was read with some confidence. Tesseract sees letters in leaves and bricks too, but with
    little confidence."""
    sure = sum(len(word.text) for word in words if word.confidence >= _SURE_CONFIDENCE)
    return sure >= _LONG_WORD and 2 * sure >= sum(len(word.text) for word in words)


def _score(words: Sequence[OcrWord]) -> float:
    """The number of upright characters, weighted by confidence."""
    return sum(len(word.text) * word.confidence for word in words if _is_upright(word))


def _is_mostly_upright(words: Sequence[OcrWord]) -> bool:
    """Whether most of the text was read with confidence and is wider than high."""
    length = sum(len(word.text) for word in words)
    return _score(words) >= _UPRIGHT_SHARE * length


def _is_upright(word: OcrWord) -> bool:
    return len(word.text) < _LONG_WORD or word.width > word.height
