"""The words a question is searched with: as asked, or made complete from the conversation when it leans on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.chat.followups import follow_up_signals, question_content_words
from core.domain.conversation import ChatMessage
from core.text.months import months_in

LONGEST_QUERY = 400
NAMES_FROM_ANSWER = 2
LONGEST_TITLE = 60
_APART = re.compile(r"[_\-]+")
_YEAR = re.compile(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)")
_JOINTS = re.compile("[年月日呢はのでに那么]")  # what holds a year in a Chinese or Japanese sentence
_QUARTER = re.compile(r"\b[QT][1-4]\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w@])[A-ZÀ-ÖØ-Þ][\w&.’'-]*\w(?: (?:[A-ZÀ-ÖØ-Þ][\w&.’'-]*\w|of|de|da|do|van|von|&))*")
_MARK = re.compile(r"\[\d+\]|[*_`#]")


def search_query(question: str, history: Sequence[ChatMessage]) -> str:
    """`question`, made complete by what the conversation is about if it does not stand on its own.

    "And in 2022?" after "What were Acme's net sales in 2021?" becomes that question with the other year; anything else
    is searched together with the question before it, with the names of the answer that a pronoun may stand for, and
    with what the document is called from which alone that answer came.
    """
    leans = follow_up_signals(question)
    before = _before(history)
    if not leans or not before:
        return question
    swapped, whole = _swapped(before, question)
    if whole:
        return swapped
    names = _names_of_answer(history, before) if leans.pointing else ()
    words = [swapped, question, *names]
    return " ".join([*words, *_document_of_answer(history, " ".join(words))]).strip()


def _document_of_answer(history: Sequence[ChatMessage], query: str) -> tuple[str, ...]:
    """The title of the one document that the last answer cites, unless the query names it."""
    answer = next((message for message in reversed(history) if message.role == "assistant"), None)
    cited = {source.path: source for source in answer.citations} if answer is not None else {}
    if len(cited) != 1:
        return ()
    (source,) = cited.values()
    title = " ".join(_APART.sub(" ", source.title or source.path.stem).split())[:LONGEST_TITLE]
    return () if not title or title.casefold() in query.casefold() else (title,)


def _before(history: Sequence[ChatMessage]) -> str:
    """What the conversation was about when the last question was asked: that question as it was searched. One grown
    long over many follow-ups gives way to the last question that stands on its own."""
    asked = [message for message in history if message.role == "user"]
    last = asked[-1].basis.query if asked and asked[-1].basis else ""
    if last and len(last) <= LONGEST_QUERY:
        return last
    return next((message.text for message in reversed(asked) if not follow_up_signals(message.text)), "")


def _swapped(before: str, question: str) -> tuple[str, bool]:
    """`before` with its year, quarter or month replaced by that of `question`, and whether nothing else is asked."""
    text, asked = before, question
    for times in (_years, _quarters, _months):
        old, new = times(text), times(asked)
        if len({text[start:end] for start, end in old}) == 1 and len(new) == 1:
            text = _put(text, old, asked[slice(*new[0])])
            asked = _put(asked, new, " ")
    return text, asked != question and not question_content_words(_JOINTS.sub(" ", asked))


def _years(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _YEAR.finditer(text)]


def _quarters(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _QUARTER.finditer(text)]


def _months(text: str) -> list[tuple[int, int]]:
    return [(found.start, found.end) for found in months_in(text)]


def _put(text: str, spans: Sequence[tuple[int, int]], words: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + words + text[end:]
    return text


def _names_of_answer(history: Sequence[ChatMessage], before: str) -> tuple[str, ...]:
    """Names that the last answer brought up and the question before did not hold."""
    answer = next((message.text for message in reversed(history) if message.role == "assistant"), "")
    opening = _MARK.sub("", answer)[:300]
    names = (
        name
        for name in _NAME.findall(opening)
        if question_content_words(name) and name.casefold() not in before.casefold()
    )
    return tuple(dict.fromkeys(names))[:NAMES_FROM_ANSWER]
