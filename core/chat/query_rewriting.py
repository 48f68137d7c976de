"""Rewrites a question into the query that is searched: as asked, or completed from the conversation if it follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from core.chat.followups import follow_up_signals, question_content_words
from core.domain.conversation import ChatMessage
from core.text import lexicon
from core.text.months import months_in

LONGEST_QUERY = 400  # characters
NAMES_FROM_ANSWER = 2
LONGEST_TITLE = 60  # characters
_ANSWER_OPENING = 300  # characters of an answer in which the names that it brings up are looked for
_APART = re.compile(r"[_\-]+")
_YEAR = re.compile(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)")
_QUARTER = re.compile(r"\b[QT][1-4]\b", re.IGNORECASE)
_NAME_PART = r"[A-ZÀ-ÖØ-Þ][\w&.’'-]*\w"
_MARK = re.compile(r"\[\d+\]|[*_`#]")


def search_query(question: str, history: Sequence[ChatMessage]) -> str:
    """The query for `question` after `history`.

    "And in 2022?" after "What were Acme's net sales in 2021?" becomes that question with the other year. Any other
    follow-up is joined to the question before it, with names of the answer that a pronoun may stand for, and with the
    title of the document if the answer cites a single one.
    """
    signals = follow_up_signals(question)
    before = _query_before(history)
    if not signals or not before:
        return question
    swapped, whole = _with_times_of(before, question)
    if whole:
        return swapped
    names = _names_of_answer(history, before) if signals.pointing else ()
    words = [swapped, question, *names]
    return " ".join([*words, *_cited_title(history, " ".join(words))]).strip()


def _cited_title(history: Sequence[ChatMessage], query: str) -> tuple[str, ...]:
    """The title of the one document that the last answer cites, unless the query names it."""
    answer = next((message for message in reversed(history) if message.role == "assistant"), None)
    cited = {source.path: source for source in answer.citations} if answer is not None else {}
    if len(cited) != 1:
        return ()
    (source,) = cited.values()
    title = " ".join(_APART.sub(" ", source.title or source.path.stem).split())[:LONGEST_TITLE]
    return () if not title or title.casefold() in query.casefold() else (title,)


def _query_before(history: Sequence[ChatMessage]) -> str:
    """The query of the last question; where that grew long over many follow-ups, the last question on its own."""
    asked = [message for message in history if message.role == "user"]
    last = asked[-1].context_summary.query if asked and asked[-1].context_summary else ""
    if last and len(last) <= LONGEST_QUERY:
        return last
    return next((message.text for message in reversed(asked) if not follow_up_signals(message.text)), "")


def _with_times_of(before: str, question: str) -> tuple[str, bool]:
    """`before` with its year, quarter or month replaced by that of `question`, and whether `question` asks for nothing
    else."""
    text, asked = before, question
    for times in (_years, _quarters, _months):
        old, new = times(text), times(asked)
        if len({text[start:end] for start, end in old}) == 1 and len(new) == 1:
            text = _replaced(text, old, asked[slice(*new[0])])
            asked = _replaced(asked, new, " ")
    return text, asked != question and not question_content_words(_joints().sub(" ", asked))


def _years(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _YEAR.finditer(text)]


def _quarters(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _QUARTER.finditer(text)]


def _months(text: str) -> list[tuple[int, int]]:
    return [(found.start, found.end) for found in months_in(text)]


def _replaced(text: str, spans: Sequence[tuple[int, int]], words: str) -> str:
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return words.join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _names_of_answer(history: Sequence[ChatMessage], before: str) -> tuple[str, ...]:
    """Names that the last answer brings up and the question before lacks."""
    answer = next((message.text for message in reversed(history) if message.role == "assistant"), "")
    opening = _MARK.sub("", answer)[:_ANSWER_OPENING]
    names = (
        name
        for name in _name().findall(opening)
        if question_content_words(name) and name.casefold() not in before.casefold()
    )
    return tuple(dict.fromkeys(names))[:NAMES_FROM_ANSWER]


@cache
def _name() -> re.Pattern[str]:
    inner = "|".join((*lexicon.words("words.within_names"), "&"))
    return re.compile(rf"(?<![\w@]){_NAME_PART}(?: (?:{_NAME_PART}|{inner}))*")


@cache
def _joints() -> re.Pattern[str]:
    """Characters that hold a year in a Chinese or Japanese sentence."""
    return re.compile(f"[{''.join(lexicon.words('words.joints'))}]")
