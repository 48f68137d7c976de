"""The protocol of an OCR engine, the picture it takes and the words it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

OCR_DPI = 200.0
"""Resolution of pictures for OCR. 150 to 300 dpi are read equally well; less costs small print, more costs time."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A grey picture: `width` times `height` pixels of one byte (0 is black), row by row without gaps."""

    grey: bytes
    width: int
    height: int
    dpi: float = OCR_DPI

    def rotated(self, degrees: int) -> Picture:
        """Return the picture rotated clockwise by 0, 90, 180 or 270 degrees."""
        from PIL import Image

        if not degrees:
            return self
        transposition = {  # Pillow rotates anticlockwise
            90: Image.Transpose.ROTATE_270,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_90,
        }[degrees]
        image = Image.frombytes("L", (self.width, self.height), self.grey).transpose(transposition)
        return Picture(image.tobytes(), image.width, image.height, self.dpi)


@dataclass(frozen=True, slots=True)
class OcrWord:
    """A word, or several adjacent ones, with its box in points from the top left of the page and the engine's
    confidence (0 to 1)."""

    text: str
    left: float
    top: float
    width: float
    height: float
    confidence: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


class OcrEngine(Protocol):
    """Reads the pictures of one document, up to a limit. Runs in the worker process."""

    def read_page(self, index: int, picture: Callable[[], Picture]) -> tuple[OcrWord, ...]:
        """Return the words of the page, or embedded picture, `index`; none once the limit is reached. `picture` is
        called only if that page has not been read before."""

    def for_embedded_document(self) -> OcrEngine:
        """Return an engine for a document inside this one: with page numbers of its own, and the same limit."""
