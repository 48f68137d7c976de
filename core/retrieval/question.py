"""Reads a question as search terms: which carry its content, which name something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from core.text import lexicon
from core.text.language import is_english
from core.text.months import months_in, spellings
from core.text.scripts import CLUSTERED, PAIRED
from core.text.tokenizer import terms

_WORD = re.compile(r"[^\W_][\w\-.’']*")
_UNSPACED = re.compile(f"[{PAIRED}{CLUSTERED}]+")
"""In "1974年に", only 1974 is a name."""
_PLAIN_WORD = re.compile(r"[^\W_]+")
_QUARTER = re.compile(r"\b(first|second|third|fourth|1st|2nd|3rd|4th)[ -](?:fiscal[ -])?quarter", re.IGNORECASE)
_QUARTERS = {"first": "q1", "second": "q2", "third": "q3", "fourth": "q4", "1": "q1", "2": "q2", "3": "q3", "4": "q4"}
EMBEDDED_QUESTION_CHARS = 3000
"""Characters of a question that are embedded: of a longer one the beginning and the end, since what was pasted lies
between."""
SHORTEST_NUMBER = 3
"""Digits; a shorter number counts something more often than it names something."""


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """A question's terms. `content`: the terms to search, each once. `names`: those that stand for a particular thing,
    with a capital or digits. `aliases`: other spellings of names, looked up in documents' names and titles."""

    text: str
    content: tuple[str, ...]
    names: frozenset[str]
    aliases: tuple[str, ...]


def read_question(text: str) -> SearchQuestion:
    """Read `text`. Function words are left out unless there are no others."""
    found = tuple(dict.fromkeys(terms(text)))
    stop_terms = _stop_terms(is_english(text))
    content = tuple(term for term in found if term not in stop_terms) or found
    words = _WORD.findall(_UNSPACED.sub(" ", text))
    named = [word for word in words if word[0].isupper() or any(c.isdigit() for c in word)]
    names = frozenset(term for word in named for term in terms(word) if not _is_count(term))
    aliases = tuple(alias for alias in dict.fromkeys(_aliases(text)) if alias not in content)
    return SearchQuestion(text, content, names, aliases)


def truncate_for_embedding(text: str) -> str:
    """What an embedding or reranking model reads of a question. 100,000 letters took MiniLM 28 seconds."""
    return (
        text
        if len(text) <= EMBEDDED_QUESTION_CHARS
        else f"{text[: EMBEDDED_QUESTION_CHARS // 2]}\n{text[-EMBEDDED_QUESTION_CHARS // 2 :]}"
    )


@cache
def _stop_terms(english: bool) -> frozenset[str]:
    languages = ("en",) if english else (language for language in lexicon.languages() if language != "en")
    keys = ("words.function", "words.clitics")
    words = (word for language in languages for key in keys for word in lexicon.words(key, language))
    return frozenset(term for word in words for term in terms(word))


def _is_count(term: str) -> bool:
    return term.isdigit() and len(term) < SHORTEST_NUMBER


def _aliases(text: str) -> list[str]:
    """Other spellings: "Best Buy" may be BESTBUY in a file's name, "third quarter" Q3, and "März" 03, Mar or March."""
    joined = (a + b for a, b in pairwise(_PLAIN_WORD.findall(text)) if a[0].isupper() and b[0].isupper())
    quarters = [_QUARTERS[found[1].lower() if found[1].isalpha() else found[1][0]] for found in _QUARTER.finditer(text)]
    months = [term for month in months_in(text) for name in spellings(month.number) for term in terms(name)[:1]]
    return [*quarters, *months, *(term for word in joined for term in terms(word.lower())[:1])]
