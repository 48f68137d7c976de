"""Tesseract, which is built into liteparse, started once for a process: a picture in, its words and their boxes out.

liteparse is given only pictures that we made ourselves, in a PDF file that we wrote ourselves, and only languages whose
data is installed: for others it would open a connection. Measured on print at 120 to 200 dpi with noise: 93 to 100 % of
the words right, 1 to 2 s a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.parsing.cleaning import clean
from core.parsing.ocr.picture import to_pdf
from core.parsing.ocr.tessdata import folder_with
from core.parsing.ocr_engine import OCR_DPI, OcrWord, Picture

if TYPE_CHECKING:
    from liteparse import LiteParse
    from liteparse.types import TextItem

_MIN_CONFIDENCE = 0.3  # words below are dropped


class Recogniser:
    """Reads pictures in these languages (Tesseract's names). A confined process makes and starts it before."""

    def __init__(self, languages: Sequence[str]) -> None:
        """Raises `ValueError` if there is no data for any language."""
        import liteparse.parser  # where what the package offers is imported from, late

        found = folder_with(languages)
        if found is None:
            raise ValueError("no language data")
        self._folder, self._languages = found
        self._library = Path(liteparse.__file__).parent
        self._engine: LiteParse | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders whose files Tesseract opens: its language data and, when it starts, its own libraries."""
        return self._folder, self._library

    def start(self) -> None:
        """Load Tesseract's libraries and start its threads, which it keeps."""
        self.words(Picture(b"\xff" * 64 * 64, 64, 64))

    def words(self, picture: Picture) -> tuple[OcrWord, ...]:
        """Return the words of `picture` as it stands."""
        from liteparse import ParseError

        # One engine serves all: it is built for one resolution, so the page is laid out for that and measured back.
        scale = OCR_DPI / picture.dpi
        try:
            result = self._started().parse(to_pdf(replace(picture, dpi=OCR_DPI)))
        except ParseError:
            return ()
        items = result.pages[0].text_items if result.pages else []
        words = (
            OcrWord(text, *(round(float(n or 0) * factor, 3) for n, factor in _measures(item, scale)))
            for item in items
            if (text := clean(item.text).strip())
        )
        return tuple(word for word in words if word.confidence >= _MIN_CONFIDENCE)

    def _started(self) -> LiteParse:
        from liteparse import LiteParse

        if self._engine is None:
            self._engine = LiteParse(
                ocr_enabled=True,
                ocr_language="+".join(self._languages),
                tessdata_path=str(self._folder),
                dpi=OCR_DPI,
                num_workers=1,
                quiet=True,
                ocr_failure_fatal=False,
            )
        return self._engine


def _measures(item: TextItem, scale: float) -> tuple[tuple[float | None, float], ...]:
    """Return the numbers of an `OcrWord`, in its order, each with its factor."""
    return (item.x, scale), (item.y, scale), (item.width, scale), (item.height, scale), (item.confidence, 1.0)
