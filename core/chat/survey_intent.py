"""Recognises questions that only a survey of every document answers, and estimates how long one would take.

A question is one only if it names documents as a kind ("every invoice", "these reports"): "list all side effects" is
answered by the one leaflet that lists them. The words are those of `[documents]` and `[survey]` in core/text/lexicons/.
"""

from __future__ import annotations

import re
from functools import cache

from core.domain.conversation import SurveyKind
from core.store.conversations.model_speeds import Speed
from core.text import lexicon

LEAST_DOCUMENTS = 3
UNMEASURED = Speed(60.0, 8.0)  # tokens a second, of a laptop without a graphics processor
ANSWER_TOKENS = 150  # written about one part of a document, as a rule
INSTRUCTION_TOKENS = 80
CHARS_PER_TOKEN = 4.0
PART_CHARS = 12_000
LONGEST_QUESTION = 2000  # characters that are looked at: what follows was pasted


def survey_kind(question: str, *, two_named: bool = False) -> SurveyKind | None:
    """The kind of survey that would answer `question`; None for a question that a few passages answer. `two_named`: it
    names two documents, so that it may ask what differs between them."""
    question = question[:LONGEST_QUESTION]
    if _pattern("changes").search(question) and (two_named or _two_documents().search(question)):
        return SurveyKind.CHANGES
    if not _every_document().search(question):
        return None
    if _pattern("summarise").search(question):
        return SurveyKind.SUMMARIES
    return SurveyKind.LIST if _list().search(question) else SurveyKind.QUESTION


def expected_s(text_chars: int, documents: int, speed: Speed | None) -> float:
    """Seconds that a model of this speed needs for reading so much text, document by document, and noting findings."""
    known = speed or UNMEASURED
    parts = documents + text_chars // PART_CHARS
    read = text_chars / CHARS_PER_TOKEN + parts * INSTRUCTION_TOKENS
    written = parts * ANSWER_TOKENS
    return read / known.prefill_tokens_s + written / (known.decode_tokens_s or UNMEASURED.decode_tokens_s)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(lexicon.alternation(f"survey.{name}"), re.IGNORECASE)


@cache
def _documents() -> str:
    kinds = ("general", "kinds", "kind_phrases", "singular", "loose")
    return lexicon.alternation(*(f"documents.{kind}" for kind in kinds))


@cache
def _two_documents() -> re.Pattern[str]:
    two, versions = (lexicon.alternation(f"survey.{name}") for name in ("two", "versions"))
    return re.compile(f"{two}.*{_documents()}|{versions}", re.IGNORECASE)


@cache
def _every_document() -> re.Pattern[str]:
    every = lexicon.alternation(*(f"documents.{name}" for name in ("all", "every", "any", "all_loose", "every_loose")))
    of = rf"(?:\s*(?:{lexicon.alternation('documents.of')}|\d+|的|の)){{0,3}}\s*"
    words = r"(?:[\w-]+\s+){0,2}?"
    word = r"(?:[\w-]+\s+)?"
    which, which_of, how_many, across, counted, asks_one = (
        lexicon.alternation(f"survey.{name}")
        for name in ("which", "which_of", "how_many", "across", "counted", "asks_one")
    )
    ways = (
        f"{every}{of}{words}{_documents()}",
        rf"{which_of}\s+{words}{_documents()}",
        rf"{how_many}\s+{words}{_documents()}",
        rf"{which}\s+{word}{_documents()}\s+(?!{asks_one})",
        rf"{across}\s+{word}{_documents()}",
        rf"{counted}\s+\d+\s+{_documents()}",
    )
    return re.compile("|".join(ways), re.IGNORECASE)


@cache
def _list() -> re.Pattern[str]:
    """A question that begins by asking for a list."""
    polite, verbs = lexicon.alternation("survey.polite"), lexicon.words("survey.list")
    begins = "|".join(re.escape(verb).replace(r"\*", "") for verb in verbs)
    return re.compile(rf"^\W*(?:{polite}\s+)?(?:{begins})", re.IGNORECASE)
