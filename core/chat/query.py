"""The words a question is searched with: as asked, or made complete from the conversation when it leans on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.values import ChatMessage

# A question that opens like this, or is this short, or points at something with a pronoun, leans on the one before.
_OPENING = re.compile(
    r"^(and|but|also|or|then|so|what about|how about|why( not)?\??$|e |mas |e quanto|y |pero |et |mais |und |aber )",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(it|its|they|them|their|that one|those|these|this|he|she|him|her|his|the (same|first|second|last|other)( one)?"
    r"|isso|ele|ela|eles|elas|seu|sua|eso|ello|él|ellos|cela|celui|elle|ils|es|sie|ihr|diese[rs]?)\b",
    re.IGNORECASE,
)
SHORT_QUESTION_WORDS = 4


def search_query(question: str, history: Sequence[ChatMessage]) -> str:
    """`question`, with the last earlier question that stands on its own before it if `question` does not."""
    if not leans_on_conversation(question):
        return question
    for message in reversed(history):
        if message.role == "user" and not leans_on_conversation(message.text):
            return f"{message.text} {question}"
    return question


def leans_on_conversation(question: str) -> bool:
    words = question.split()
    return bool(
        (len(words) < SHORT_QUESTION_WORDS and question.isascii())
        or _OPENING.search(question.strip())
        or _POINTING.search(question)
    )
