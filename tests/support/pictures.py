"""Makes pictures of text, such as scanners and telephones make."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from core.parsing.ocr import tessdata
from tests.support.documents import Words, pdf_content, write_pdf, write_raw_pdf


def picture_of(folder: Path, words: Sequence[Words], dpi: int = 150) -> Image.Image:
    """Return a page with these words as pixels."""
    import pypdfium2

    document = pypdfium2.PdfDocument(write_pdf(folder / "printed.pdf", [words]))
    try:
        image: Image.Image = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        return image
    finally:
        document.close()


def write_scan(path: Path, image: Image.Image, *, printed: Sequence[Words] = (), stamp: Words | None = None) -> Path:
    """Write a PDF whose last page is the picture, with a stamp on it, after a page for each of the `printed` words."""
    grey = image.convert("L")
    pixels = zlib.compress(grey.tobytes())
    head = f"<< /Type /XObject /Subtype /Image /Width {grey.width} /Height {grey.height} /ColorSpace /DeviceGray "
    head += f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(pixels)} >>\nstream\n"
    extra = [head.encode() + pixels + b"\nendstream"]
    page = b"q 612 0 0 792 0 0 cm /I Do Q\n" + pdf_content([stamp] if stamp else [])
    contents = [pdf_content([words]) for words in printed] + [page]
    return write_raw_pdf(path, contents, resources="/XObject << /I 5 0 R >>", extra=extra)


def two_languages(folder: Path) -> Path:
    """Make a folder with the data of English under two names, "eng" and "enm", to be named by TESSDATA_PREFIX."""
    (english,) = tessdata.data_folders()[0].glob("eng.traineddata")
    made = folder / "tessdata"
    made.mkdir()
    for name in ("eng", "enm"):
        shutil.copy(english, made / f"{name}.traineddata")
    return made


def write_scanned_folder(folder: Path) -> Path:
    """Write a scanned letter, a contract with one scanned page, a white picture and a note."""
    made = folder / "documents"
    made.mkdir()
    letter = picture_of(folder, [Words("The miller lives next door.", y=644, size=14)])
    printed = [Words("Printed words of the contract, as they came out of the machine in the office of the mill.")]
    write_scan(made / "mixed.pdf", letter, printed=printed)
    write_scan(made / "scan.pdf", letter)
    Image.new("L", (640, 480), 255).save(made / "white.png")
    (made / "note.txt").write_text("A note.")
    return made
