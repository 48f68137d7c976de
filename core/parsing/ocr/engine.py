"""Text recognition (OCR): a picture in, its words with their places out. By Tesseract, which is built into liteparse.

liteparse is given only pictures that we made ourselves, in a PDF file that we wrote ourselves, and only languages whose
data is there: for others it would open a connection. Measured on print at 120 to 200 dpi with noise: 93 to 100 % of the
words right, 1 to 2 s a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from core.parsing.cleaning import clean
from core.parsing.ocr.picture import as_pdf
from core.parsing.ocr.tessdata import folder_for
from core.parsing.recogniser import Picture, Word

_POINTS_PER_INCH = 72.0
_LEAST_CONFIDENCE, _CERTAIN = 0.3, 0.6
_UPRIGHT = 0.7
_LONG_WORD = 3
_PAGES_OF_ONE = 1 << 16  # more than the limits allow a document to have


@dataclass(slots=True)
class _Budget:
    """What a document and all that lies inside it share: how many pictures may still be read, and a count of its
    insides."""

    pictures: int
    insides: int = 0


class OcrRecogniser:
    """Reads the pictures of one document, `most` at most, with the data of these languages. `known` are pages that were
    read before, as `on_page` was told of them. Raises `ValueError` if there is no data."""

    def __init__(
        self,
        languages: Sequence[str],
        most: int,
        known: Mapping[int, str] | None = None,
        on_page: Callable[[int, str], None] | None = None,
    ) -> None:
        found = folder_for(languages)
        if found is None:
            raise ValueError("no language data")
        self._folder, self._languages = found
        self._known = known or {}
        self._on_page = on_page
        self._turn = 0
        self._budget = _Budget(most)
        self._first = 0

    def inside(self) -> OcrRecogniser:
        """For a document that lies inside this one: its pages are others."""
        self._budget.insides += 1
        other = copy(self)
        other._first = self._budget.insides * _PAGES_OF_ONE
        return other

    def page(self, index: int, picture: Callable[[], Picture]) -> tuple[Word, ...]:
        """The words of the page, or picture, of this index; its picture is made only if it was not read before."""
        self._budget.pictures -= 1
        if self._budget.pictures < 0:
            return ()
        index += self._first
        if index in self._known:
            return _unpacked(self._known[index])
        words = self.read(picture())
        if self._on_page is not None:
            self._on_page(index, _packed(words))
        return words

    def read(self, picture: Picture) -> tuple[Word, ...]:
        """The words of `picture`; of one that lies on its side, as if it stood upright."""
        best: tuple[Word, ...] = ()
        for turn in dict.fromkeys((self._turn, 0, 90, 270, 180)):
            words = self._words(picture.turned(turn))
            if _worth(words) > _worth(best):
                best, self._turn = words, turn
            if not words or _stands_upright(words):
                break  # without anything like a letter, other ways will show none either
        return best if _is_text(best) else ()

    def _words(self, picture: Picture) -> tuple[Word, ...]:
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
            result = engine.parse(as_pdf(picture))
        except ParseError:
            return ()
        items = result.pages[0].text_items if result.pages else []
        words = (
            Word(text, *(round(float(n or 0), 3) for n in (item.x, item.y, item.width, item.height, item.confidence)))
            for item in items
            if (text := clean(item.text).strip())
        )
        return tuple(word for word in words if word.confidence >= _LEAST_CONFIDENCE)


def _packed(words: Sequence[Word]) -> str:
    return json.dumps([(w.text, w.left, w.top, w.width, w.height, w.confidence) for w in words], ensure_ascii=False)


def _unpacked(packed: str) -> tuple[Word, ...]:
    return tuple(Word(*values) for values in json.loads(packed))


def _is_text(words: Sequence[Word]) -> bool:
    """Whether most of it was read with some certainty: in leaves and bricks letters are seen, too, but badly."""
    certain = sum(len(word.text) for word in words if word.confidence >= _CERTAIN)
    return certain >= _LONG_WORD and 2 * certain >= sum(len(word.text) for word in words)


def _worth(words: Sequence[Word]) -> float:
    return sum(len(word.text) * word.confidence for word in words if _is_upright(word))


def _stands_upright(words: Sequence[Word]) -> bool:
    """Whether most of the text is well read and wider than high."""
    length = sum(len(word.text) for word in words)
    return _worth(words) >= _UPRIGHT * length


def _is_upright(word: Word) -> bool:
    return len(word.text) < _LONG_WORD or word.width > word.height
