"""Reads images (PNG, JPEG, TIFF, WebP, BMP, GIF) by OCR, a TIFF file frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.ocr.layout import write_words
from core.parsing.ocr.picture import IMAGE_FORMATS, picture_of_image
from core.parsing.readers.embedded_pictures import may_hold_text
from core.parsing.source import Source

if TYPE_CHECKING:
    from PIL import Image

_MULTI_PAGE_FORMAT = "TIFF"  # frames of a GIF or WebP are an animation
_MIN_SIDE, _MIN_PIXELS = 16, 60 * 60  # smaller ones are icons


def parse(source: Source, out: DocumentBuilder) -> None:
    with _opened(source) as image:
        frames = min(getattr(image, "n_frames", 1), out.limits.pages) if image.format == _MULTI_PAGE_FORMAT else 1
        _check_size(image, source, out)
        if out.ocr is None:
            raise source.fault(ParseProblem.SCANNED)
        out.expect_pages(frames)
        for frame in range(min(frames, out.limits.ocr_pages)):
            image.seek(frame)
            _check_size(image, source, out)
            out.begin_ocr()
            words = out.ocr.read_page(frame, partial(picture_of_image, image))
            out.begin_page()
            if words:
                write_words(words, out)
                out.mark_page_as_ocr()
    if not out.length:
        raise source.fault(ParseProblem.NOTHING_RECOGNISED)
    out.warn("This is a picture: its text was read by text recognition (OCR), which makes mistakes.")


@contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    """Open the image without decoding it. Errors of decoding, then and later, become the damaged-file fault."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded
    try:
        with source.open() as file, Image.open(file, formats=IMAGE_FORMATS) as image:
            yield image
    except UnidentifiedImageError as error:
        raise source.fault(ParseProblem.DAMAGED) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise source.fault(ParseProblem.DAMAGED) from error  # Pillow's error for a truncated file has no errno


def _check_size(image: Image.Image, source: Source, out: DocumentBuilder) -> None:
    pixels = image.width * image.height
    if pixels > out.limits.image_pixels:
        raise source.fault(ParseProblem.TOO_LARGE, f"{pixels // 1_000_000} million pixels")
    is_icon = min(image.size) < _MIN_SIDE or pixels < _MIN_PIXELS
    if is_icon or (source.depth and not may_hold_text(*image.size)):
        raise source.fault(ParseProblem.EMPTY)
