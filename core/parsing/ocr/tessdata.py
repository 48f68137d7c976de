"""Where the data of text recognition lies: English comes along, further languages from what the system has."""

from __future__ import annotations

import locale
import os
import re
import sys
from collections.abc import Iterable
from glob import glob
from pathlib import Path

ENGLISH = "eng"
_SUFFIX = ".traineddata"
_CODE = re.compile(r"[a-z]{3}(?:_[A-Za-z]{2,8}){0,3}")
_NO_LANGUAGES = {"osd", "equ"}
_SYSTEM_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tesseract-ocr/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "/opt/local/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
    "C:/Program Files (x86)/Tesseract-OCR/tessdata",
)
# Languages as systems name them (ISO 639-1), and Tesseract's names for them.
_TESSERACT_NAMES = {
    "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin", "fr": "fra",
    "hi": "hin", "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "nld", "no": "nor",
    "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr",
    "vi": "vie", "ar": "ara", "he": "heb", "zh": "chi_sim",
}  # fmt: skip


def folders() -> list[Path]:
    """The folders with language data, the one that comes along first."""
    named = [os.environ["TESSDATA_PREFIX"]] if os.environ.get("TESSDATA_PREFIX") else []
    places = [Path(getattr(sys, "_MEIPASS", sys.prefix)) / "share" / "tessdata"]
    for pattern in (*named, *_SYSTEM_FOLDERS):
        places += [Path(found) for found in sorted(glob(pattern), reverse=True)]
        places += [Path(found) / "tessdata" for found in sorted(glob(pattern))] if pattern in named else []
    return [place for place in dict.fromkeys(places) if _languages_in(place)]


def languages() -> tuple[str, ...]:
    """The languages there is data for, by Tesseract's names."""
    return tuple(sorted({language for folder in folders() for language in _languages_in(folder)}))


def chosen(wanted: str, spoken: str = "") -> tuple[str, ...]:
    """The languages to read with: those of `wanted` ("deu+eng") that are there; if it names none, English and the
    one that is `spoken` ("pt_BR"; else this computer's)."""
    there = languages()
    named = tuple(dict.fromkeys(language for language in re.split(r"[^A-Za-z_]+", wanted) if language in there))
    if named:
        return named
    own = _TESSERACT_NAMES.get((spoken or _spoken_here())[:2].lower(), ENGLISH)
    return tuple(language for language in dict.fromkeys((ENGLISH, own)) if language in there)


def folder_for(wanted: Iterable[str]) -> tuple[Path, tuple[str, ...]] | None:
    """A folder and the wanted languages that it has (Tesseract reads them from one place): the one with most."""
    wanted = tuple(wanted)
    best: tuple[Path, tuple[str, ...]] | None = None
    for folder in folders():
        there = _languages_in(folder)
        found = tuple(language for language in wanted if language in there)
        if found and (best is None or len(found) > len(best[1])):
            best = (folder, found)
    return best


def _spoken_here() -> str:
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, settings), None) or locale.getlocale()[0] or ""


def _languages_in(folder: Path) -> frozenset[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    codes = (name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX))
    return frozenset(code for code in codes if _CODE.fullmatch(code) and code not in _NO_LANGUAGES)
