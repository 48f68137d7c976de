"""The OCR engine: Tesseract, which is built into liteparse. A picture in, its words and their boxes out.

liteparse is given only pictures that we made ourselves, in a PDF file that we wrote ourselves, and only languages whose
data is installed: for others it would open a connection. Measured on print at 120 to 200 dpi with noise: 93 to 100 % of
the words right, 1 to 2 s a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from core.parsing.cleaning import clean
from core.parsing.ocr.picture import to_pdf
from core.parsing.ocr.tessdata import folder_with
from core.parsing.ocr_engine import OcrWord, Picture

_MIN_CONFIDENCE = 0.3  # words below are dropped
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
    """Reads up to `max_pictures` pictures of one document, in these languages (Tesseract's names). `saved_pages` are
    pages read before, as `on_page` received them. Raises `ValueError` if there is no data for any language."""

    def __init__(
        self,
        languages: Sequence[str],
        max_pictures: int,
        saved_pages: Mapping[int, str] | None = None,
        on_page: Callable[[int, str], None] | None = None,
    ) -> None:
        found = folder_with(languages)
        if found is None:
            raise ValueError("no language data")
        self._folder, self._languages = found
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
            words = self._recognise(picture.rotated(rotation))
            if _score(words) > _score(best):
                best, self._rotation = words, rotation
            if not words or _is_mostly_upright(words):
                break  # where nothing looks like a letter, other rotations will show none either
        return best if _is_text(best) else ()

    def _recognise(self, picture: Picture) -> tuple[OcrWord, ...]:
        from liteparse import LiteParse, ParseError

        engine = LiteParse(
            ocr_enabled=True,
            ocr_language="+".join(self._languages),
            tessdata_path=str(self._folder),
            dpi=picture.dpi,
            num_workers=1,
            quiet=True,
            ocr_failure_fatal=False,
        )
        try:
            result = engine.parse(to_pdf(picture))
        except ParseError:
            return ()
        items = result.pages[0].text_items if result.pages else []
        words = (
            OcrWord(
                text, *(round(float(n or 0), 3) for n in (item.x, item.y, item.width, item.height, item.confidence))
            )
            for item in items
            if (text := clean(item.text).strip())
        )
        return tuple(word for word in words if word.confidence >= _MIN_CONFIDENCE)


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
