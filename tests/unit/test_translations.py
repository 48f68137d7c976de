"""Every text that a person meets is there in every language, with the same blanks to fill."""

from __future__ import annotations

import ast
import gettext
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import dev
from core.i18n import LANGUAGES, LOCALES

ROOT = Path(dev.__file__).parent
TRANSLATED = sorted(set(LANGUAGES) - {"en"})
GUIDE = ROOT / "core" / "guide"
Text = str | tuple[str, ...]


@cache
def texts_in_the_sources() -> frozenset[Text]:
    """Every text that the sources mark for translation; a text with a plural as a pair."""
    keywords: dict[str, tuple[int, ...] | None] = {"tr": None, "N_": None, "ngettext": (1, 2)}
    assert set(keywords) == {keyword.split(":")[0] for keyword in dev.TEXT_FUNCTIONS}
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    return frozenset(
        text
        for folder in dev.TRANSLATED_FOLDERS
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, methods, keywords=keywords)
    )


def catalogue(language: str) -> Catalog:
    file = LOCALES / language / "LC_MESSAGES" / "papermoor.po"
    return read_po(BytesIO(file.read_bytes()), locale=language, abort_invalid=True)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def blanks(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(text: Text | list[str] | None) -> tuple[str, ...]:
    """A text and its plural; a missing translation is an empty one."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def test_the_sources_mark_texts() -> None:
    assert len(texts_in_the_sources()) > 100


def test_no_text_is_marked_where_extraction_does_not_look() -> None:
    """The extraction passes over what stands inside an f-string: such a text would stay English in every language."""
    known = {form for text in texts_in_the_sources() for form in forms(text)}
    files = [file for folder in dev.TRANSLATED_FOLDERS for file in (ROOT / folder).rglob("*.py")]
    marked = [(file.name, text) for file in files for text in _marked(ast.parse(file.read_text("utf-8")))]
    assert len(marked) > 100
    assert [(name, text) for name, text in marked if text not in known] == []


def _marked(tree: ast.Module) -> Iterator[str]:
    functions = {keyword.split(":")[0] for keyword in dev.TEXT_FUNCTIONS}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in functions:
            yield from (a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    done = {message.id for message in messages(language) if not message.fuzzy and all(forms(message.string))}
    assert sorted(map(str, texts_in_the_sources() - done)) == [], "python3 dev.py translate, then fill in the .po"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_holds_nothing_that_is_no_longer_used(language: str) -> None:
    assert sorted(map(str, {message.id for message in messages(language)} - texts_in_the_sources())) == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_blanks(language: str) -> None:
    for message in messages(language):
        wanted = set().union(*map(blanks, forms(message.id)))
        for form in forms(message.string):
            assert blanks(form) == wanted or (message.pluralizable and blanks(form) | {"n"} == wanted), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_space_and_the_end_of_a_text(language: str) -> None:
    """Texts are joined with others: a blank, a colon or an ellipsis at an end has a reason."""
    for message in messages(language):
        for source, form in zip(forms(message.id), forms(message.string), strict=False):
            assert _edges(source) == _edges(form), form


def _edges(text: str) -> tuple[bool, bool, str]:
    end = re.search(r"[.:…?!]+$", text.rstrip())
    return text[:1].isspace(), text[-1:].isspace(), end[0] if end else ""


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    compiled = gettext.translation("papermoor", LOCALES, [language])
    for message in messages(language):
        if message.pluralizable:
            one, many = forms(message.id)
            assert {compiled.ngettext(one, many, n) for n in range(5)} == set(forms(message.string))
        else:
            assert compiled.gettext(forms(message.id)[0]) == forms(message.string)[0]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_guide_is_there_chapter_by_chapter(language: str) -> None:
    english = {file.name: _outline(file) for file in (GUIDE / "en").glob("*.md")}
    translated = {file.name: _outline(file) for file in (GUIDE / language).glob("*.md")}
    assert len(english) >= 8
    assert translated == english


def _outline(file: Path) -> list[int]:
    """The levels of a chapter's headings, in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", file.read_text("utf-8"), re.MULTILINE)]


def test_the_guide_is_long_enough_to_try_and_short_enough_to_read() -> None:
    words = sum(len(re.findall(r"\w+", file.read_text("utf-8"))) for file in (GUIDE / "en").glob("*.md"))
    assert 2500 <= words <= 7000
