"""Language knowledge as data: one TOML file a language in lexicons/, read once and shared by every floor above.

Adding a language is adding a file. A value is a string of words, or a list of phrases; `{a,b}` in a phrase stands for
each alternative, `*` for any further letters and `…` for any words between. Months and the like may give several forms
of one word, joined by `/`. tests/unit/core/text/test_lexicons.py says what each file lacks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from core.text.scripts import SIGNS

FOLDER = Path(__file__).with_name("lexicons")
_LETTER = rf"[\w{SIGNS}]"
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
_UNSPACED = re.compile("^[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]|[\u3040-\u30ff\u3400-\u9fff]$")


@cache
def languages() -> tuple[str, ...]:
    """The ISO 639-1 codes of the languages that have a file, in order."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


@cache
def lexicon(language: str) -> Mapping[str, Any]:
    """Everything the file of `language` holds. Raises `FileNotFoundError` where there is none."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def entry(key: str, language: str) -> Any:
    """The value at a dotted `key` ("words.function"); None where the language's file lacks it."""
    value: Any = lexicon(language)
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@cache
def words(key: str, language: str = "") -> tuple[str, ...]:
    """The words or expanded phrases at `key` of one language, or of all; each once, in the order of the files."""
    found = (phrase for code in _chosen(language) for phrase in _phrases(entry(key, code)))
    return tuple(dict.fromkeys(found))


@cache
def tables(key: str, language: str = "") -> Mapping[str, tuple[str, ...]]:
    """The words of each name of the table at `key` ("quantities.scales"), of one language or of all."""
    merged: dict[str, dict[str, None]] = {}
    for code in _chosen(language):
        for name, value in (entry(key, code) or {}).items():
            merged.setdefault(name, {}).update(dict.fromkeys(_phrases(value)))
    return {name: tuple(found) for name, found in merged.items()}


@cache
def groups(key: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Every list of word lists at `key`, of all languages ("meaning.opposites": pairs of sides)."""
    return tuple(
        tuple(tuple(side.split()) for side in group) for code in languages() for group in (entry(key, code) or ())
    )


@cache
def alternation(*keys: str, joints: str = "") -> str:
    """A regular expression that finds any word or phrase at these keys, whole: never part of a longer word. `joints`
    are marks that join words, as the hyphen does in "non-profit"."""
    return any_of(tuple(dict.fromkeys(phrase for key in keys for phrase in words(key))), joints)


def any_of(phrases: tuple[str, ...], joints: str = "") -> str:
    """A regular expression that finds any of `phrases` whole. One that matches nothing if there are none."""
    spaced = [phrase for phrase in phrases if not _UNSPACED.search(phrase)]
    unspaced = [phrase for phrase in phrases if _UNSPACED.search(phrase)]
    letter = rf"[\w{SIGNS}{re.escape(joints)}]"
    parts = [rf"(?<!{letter})(?:{_joined(spaced)})(?!{letter})"] if spaced else []
    return f"(?:{'|'.join([*parts, *([_joined(unspaced)] if unspaced else [])]) or '(?!)'})"


def _joined(phrases: list[str]) -> str:
    """The longest first, so that "less than" is not found as "less"."""
    return "|".join(_expression(phrase) for phrase in sorted(phrases, key=len, reverse=True))


def _expression(phrase: str) -> str:
    written = re.escape(phrase).replace(r"\ ", r"\s+").replace("'", "['’]")
    return written.replace(r"\*", rf"{_LETTER}*").replace("…", r".{0,80}?")


def _chosen(language: str) -> tuple[str, ...]:
    return (language,) if language else languages()


def _phrases(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split()
    else:
        for phrase in value or ():
            yield from expand(phrase)


def expand(phrase: str) -> Iterator[str]:
    """Each phrase that `phrase` stands for: "{most,more} recent" is "most recent" and "more recent"."""
    found = _ALTERNATIVES.search(phrase)
    if found is None:
        yield " ".join(phrase.split())
        return
    for part in found[1].split(","):
        yield from expand(f"{phrase[: found.start()]}{part}{phrase[found.end() :]}")
