"""Finds Tesseract's language data: English is bundled, other languages come from the system's Tesseract."""

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
_NO_LANGUAGES = {"osd", "equ"}  # data for orientation and for equations
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
# From ISO 639-1, as systems name languages, to Tesseract's names.
_TESSERACT_NAMES = {
    "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin", "fr": "fra",
    "hi": "hin", "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "nld", "no": "nor",
    "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr",
    "vi": "vie", "ar": "ara", "he": "heb", "zh": "chi_sim",
}  # fmt: skip


def data_folders() -> list[Path]:
    """Return the folders that hold language data, the bundled one first."""
    named = [os.environ["TESSDATA_PREFIX"]] if os.environ.get("TESSDATA_PREFIX") else []
    folders = [Path(getattr(sys, "_MEIPASS", sys.prefix)) / "share" / "tessdata"]
    for pattern in (*named, *_SYSTEM_FOLDERS):
        folders += [Path(found) for found in sorted(glob(pattern), reverse=True)]
        folders += [Path(found) / "tessdata" for found in sorted(glob(pattern))] if pattern in named else []
    return [folder for folder in dict.fromkeys(folders) if _languages_in(folder)]


def installed_languages() -> tuple[str, ...]:
    """Return the languages that there is data for, by Tesseract's names."""
    return tuple(sorted({language for folder in data_folders() for language in _languages_in(folder)}))


def choose_languages(wanted: str, system_locale: str = "") -> tuple[str, ...]:
    """Return the OCR languages: those of `wanted` ("deu+eng") that are installed; if it names none, English and the
    language of `system_locale` ("pt_BR"; by default this computer's)."""
    installed = installed_languages()
    named = tuple(dict.fromkeys(language for language in re.split(r"[^A-Za-z_]+", wanted) if language in installed))
    if named:
        return named
    own = _TESSERACT_NAMES.get((system_locale or _system_locale())[:2].lower(), ENGLISH)
    return tuple(language for language in dict.fromkeys((ENGLISH, own)) if language in installed)


def folder_with(wanted: Iterable[str]) -> tuple[Path, tuple[str, ...]] | None:
    """Return the folder with most of the wanted languages, and which of them it has; None if there is none. Tesseract
    reads all its languages from one folder."""
    wanted = tuple(wanted)
    best: tuple[Path, tuple[str, ...]] | None = None
    for folder in data_folders():
        held = _languages_in(folder)
        found = tuple(language for language in wanted if language in held)
        if found and (best is None or len(found) > len(best[1])):
            best = (folder, found)
    return best


def _system_locale() -> str:
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, settings), None) or locale.getlocale()[0] or ""


def _languages_in(folder: Path) -> frozenset[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    codes = (name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX))
    return frozenset(code for code in codes if _CODE.fullmatch(code) and code not in _NO_LANGUAGES)
