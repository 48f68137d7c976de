"""Imports, before a parser process is confined, everything that reading a document may need: afterwards it can open no
file, not even a module's."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import sys
import time
from contextlib import suppress
from importlib.machinery import BuiltinImporter

from core.text import lexicon

# Imported with all that they hold: their parts are imported late, or by a name that a document gives (the codecs).
_PACKAGES = ("core.parsing", "encodings", "email", "charset_normalizer", "pypdf")
_SKIPPED = ("__main__", "cli", "mbcs", "oem")  # programs; Windows alone
# Imported by functions of readers or of libraries when they are first needed.
_MODULES = (
    "PIL.Image", "PIL.ImageFile", "PIL.ImageOps", "PIL.ImagePalette", "PIL.ImageSequence", "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.MpoImagePlugin", "PIL.PngImagePlugin", "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin", "pypdfium2.raw", "selectolax.lexbor", "olefile", "oxmsg", "python_calamine",
    "defusedxml.ElementTree", "defusedxml.common", "striprtf.striprtf", "html.entities", "bz2", "lzma", "zlib",
    "stringprep", "unicodedata", "_strptime",
)  # fmt: skip
_SMALLEST_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def load_everything() -> None:
    """Import what any reader but OCR may need, and have libraries read what they read once. Takes some 0.3 s."""
    for name in _PACKAGES:
        _load_package(name)
    for name in _MODULES:
        importlib.import_module(name)
    _start_pillow()
    _start_pdfium()
    _keep_time_zone()


def stop_importing() -> None:
    """Have the import of any other module fail at once, rather than look for a file."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder is BuiltinImporter]


def load_lexicons() -> None:
    """Read what is known about every language, which cutting texts and finding their search terms need."""
    for language in lexicon.languages():
        lexicon.lexicon(language)


def _load_package(name: str) -> None:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if module.name.rpartition(".")[2] not in _SKIPPED:
            with suppress(ImportError):  # a part for another system, or for a library that we do not install
                importlib.import_module(module.name)


def _start_pillow() -> None:
    from PIL import Image

    Image.preinit()  # imports the plugins for its common formats, when the first picture is opened


def _start_pdfium() -> None:
    """PDFium starts with its first document; the callbacks by which it reads from a file need memory with code in it,
    which is made with the first and then kept."""
    import pypdfium2

    document = pypdfium2.PdfDocument(io.BytesIO(_SMALLEST_PDF))
    page = document[0]
    page.render(scale=1.0, grayscale=True).close()
    page.close()
    document.close()


def _keep_time_zone() -> None:
    """The C library reads the time zone from disk whenever it is asked for the local time, unless TZ is set."""
    if hasattr(time, "tzset"):
        os.environ.setdefault("TZ", ":/etc/localtime")
        time.tzset()
