"""Converts pages and images to the grey pictures that OCR takes, at a resolution that it reads well."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from core.parsing.ocr_engine import OCR_DPI, Picture

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""The image formats that are opened, by Pillow's names."""
_MAX_PIXELS = 14_000_000
_DRAFT_SIZE = (2600, 2600)  # a JPEG is decoded no smaller than this: an A4 page at more than 200 dpi
_PAPER_INCHES = 11.0  # the longer side of a US Letter page
_POINTS_PER_INCH = 72.0


def to_pdf(picture: Picture) -> bytes:
    """Return a PDF file of one page that holds `picture` and nothing else."""
    width, height = (side * _POINTS_PER_INCH / picture.dpi for side in (picture.width, picture.height))
    content = f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /P Do Q".encode()
    pixels = zlib.compress(picture.grey, 1)
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.3f} {height:.3f}]/Contents 4 0 R".encode()
    image = f"/Width {picture.width}/Height {picture.height}/BitsPerComponent 8/Length {len(pixels)}".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page + b"/Resources<</XObject<</P 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/XObject/Subtype/Image/ColorSpace/DeviceGray/Filter/FlateDecode%b>>stream\n%b\nendstream"
        % (image, pixels),
    )
    return _pdf_file(objects)


def _pdf_file(objects: tuple[bytes, ...]) -> bytes:
    parts, offsets, length = [b"%PDF-1.4\n"], [], 9
    for number, body in enumerate(objects, 1):
        offsets.append(length)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        length += len(parts[-1])
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, entries))
    parts.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, length))
    return b"".join(parts)


def picture_of_pdf_page(page: pypdfium2.PdfPage) -> Picture:
    """Return the page as it is printed."""
    width, height = page.get_size()
    inches = max(width, 1.0) * max(height, 1.0) / _POINTS_PER_INCH**2
    dpi = min(OCR_DPI, (_MAX_PIXELS / inches) ** 0.5)
    bitmap = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True)
    try:
        rows = bytes(bitmap.buffer)
        if bitmap.stride != bitmap.width:
            rows = b"".join(
                rows[at : at + bitmap.width] for at in range(0, bitmap.stride * bitmap.height, bitmap.stride)
            )
        return Picture(rows, bitmap.width, bitmap.height, dpi)
    finally:
        bitmap.close()


def picture_of_image(image: Image.Image) -> Picture:
    """Return an opened image, upright and on white. An image without a plausible resolution counts as a page of
    paper."""
    from PIL import Image, ImageOps

    dpi, longest = _dpi(image), max(image.size)
    image.draft("L", _DRAFT_SIZE)
    factor = math.isqrt(image.width * image.height // _MAX_PIXELS)
    if factor > 1 and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.reduce(factor)  # before any copy is made
    dpi *= max(image.size) / longest
    image = _grey(ImageOps.exif_transpose(image))
    scale = min(max(OCR_DPI / dpi, 0.2), 2.0, (_MAX_PIXELS / (image.width * image.height)) ** 0.5)
    if not 0.8 < scale < 1.25:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)
    return Picture(image.tobytes(), image.width, image.height)


def _grey(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":  # more than 8 bits
        image = image.convert("I" if image.mode.startswith("I") else "F")
        low, high = image.getextrema()
        scale = 255 / ((high - low) or 1)  # type: ignore[operator]  # one band: two numbers
        image = image.point(lambda value: (value - low) * scale)
    elif image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert("L")


def _dpi(image: Image.Image) -> float:
    """The resolution that the image names, if it is plausible: programs that do not know it write 72 or 96."""
    named = image.info.get("dpi")
    try:
        if named and 100 <= float(named[0]) <= 1200:
            return float(named[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        pass
    return max(max(image.size) / _PAPER_INCHES, 60.0)
