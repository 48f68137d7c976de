"""Which part of a long conversation the model is given, and when it began: so that what it has read stays valid."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence

from core.domain.conversation import ChatMessage

ANSWER_RESERVE_TOKENS = 1024  # of the context, kept free for reasoning, tools and answer before history is let go
BYTES_PER_TOKEN = 4  # about, in UTF-8 and in any language


def prompt_token_limit(context_tokens: int) -> int:
    """How many tokens of a context a prompt may take."""
    return max(context_tokens - ANSWER_RESERVE_TOKENS, context_tokens // 2)


def start_date(history: Sequence[ChatMessage]) -> str:
    """The day a conversation began, today for one that begins (ISO). The model is told the same date in every turn."""
    return datetime.date.fromtimestamp(history[0].created_s if history else time.time()).isoformat()


def possible_starts(history: Sequence[ChatMessage], token_limit: int) -> Iterator[int]:
    """Where the part of `history` that the model is given may begin, the earliest first, the last being its end.

    They lie half of the room apart, counted from the first message: so a conversation that outgrows the context begins
    at the same place for many turns. With every turn a little further on, all of it would be read again each time.
    """
    yield 0
    stride_bytes = token_limit * BYTES_PER_TOKEN // 2
    passed = passed_before = 0
    for index, message in enumerate(history):
        if message.role == "user" and passed // stride_bytes > passed_before // stride_bytes:
            yield index
            passed_before = passed
        passed += len((message.prompt or message.text).encode("utf-8", "replace"))
    if history:
        yield len(history)
