"""What text recognition (OCR) takes and gives: the picture of a page, its words, and the protocol of an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

READING_DPI = 200.0  # 150 to 300 read equally well; small print suffers below, time above


@dataclass(frozen=True, slots=True)
class Picture:
    """`width` times `height` pixels, a byte each (0 is black), row by row without gaps, at `dpi` pixels an inch."""

    grey: bytes
    width: int
    height: int
    dpi: float = READING_DPI

    def turned(self, degrees: int) -> Picture:
        """Turned clockwise by 90, 180 or 270 degrees."""
        from PIL import Image

        if not degrees:
            return self
        way = {
            90: Image.Transpose.ROTATE_270,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_90,
        }[degrees]
        image = Image.frombytes("L", (self.width, self.height), self.grey).transpose(way)
        return Picture(image.tobytes(), image.width, image.height, self.dpi)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or several beside each other, and its box in points from the top left of the page."""

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


class Recogniser(Protocol):
    """Reads the pictures of one document. Runs in the parser process."""

    def page(self, index: int, picture: Callable[[], Picture]) -> tuple[Word, ...]:
        """The words of page or picture `index`. `picture` is called only if that page was not read before."""

    def inside(self) -> Recogniser:
        """A recogniser for a document inside this one, with page numbers of its own."""
