"""A picture of a page, in shades of grey and at a size that text recognition reads well."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from core.parsing.recogniser import READING_DPI, Picture

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")  # that are opened
_MOST_PIXELS = 14_000_000
_ENOUGH = (2600, 2600)  # an A4 page at the least
_POINTS_PER_INCH = 72.0


def as_pdf(picture: Picture) -> bytes:
    """A PDF file of one page that holds `picture` and nothing else."""
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


def of_pdf_page(page: pypdfium2.PdfPage) -> Picture:
    """The page as it is printed."""
    width, height = page.get_size()
    inches = max(width, 1.0) * max(height, 1.0) / _POINTS_PER_INCH**2
    dpi = min(READING_DPI, (_MOST_PIXELS / inches) ** 0.5)
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


def of_image(image: Image.Image) -> Picture:
    """An opened image, upright, on white; its resolution as it says, or as if it were a page of paper."""
    from PIL import Image, ImageOps

    dpi, longest = _dpi(image), max(image.size)
    image.draft("L", _ENOUGH)  # a large JPEG is decoded smaller
    factor = math.isqrt(image.width * image.height // _MOST_PIXELS)
    if factor > 1 and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.reduce(factor)  # before anything is copied
    dpi *= max(image.size) / longest
    image = _grey(ImageOps.exif_transpose(image))
    scale = min(max(READING_DPI / dpi, 0.2), 2.0, (_MOST_PIXELS / (image.width * image.height)) ** 0.5)
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
    """72 and 96 are what programs write that do not know."""
    said = image.info.get("dpi")
    try:
        if said and 100 <= float(said[0]) <= 1200:
            return float(said[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        pass
    return max(max(image.size) / 11.0, 60.0)
