"""Chooses the part of a long conversation that the model is given, so that its KV cache stays valid for many turns."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence

from core.domain.conversation import ChatMessage

ANSWER_RESERVE_TOKENS = 1024  # of the context, kept free for reasoning, tools and answer at the cost of old turns
BYTES_PER_TOKEN = 4  # roughly, of UTF-8 text in any language


def prompt_token_limit(context_tokens: int) -> int:
    """Return how many tokens of the context a prompt may take."""
    return max(context_tokens - ANSWER_RESERVE_TOKENS, context_tokens // 2)


def start_date(history: Sequence[ChatMessage]) -> str:
    """Return the ISO date of the first message, or today's if there is none. It is part of every prompt: a date
    that changed would invalidate the cache."""
    return datetime.date.fromtimestamp(history[0].created_s if history else time.time()).isoformat()


def possible_starts(history: Sequence[ChatMessage], token_limit: int) -> Iterator[int]:
    """Yield the indices at which the part of `history` given to the model may start, from 0 to its end.

    They are half of `token_limit` apart, counted from the first message, so that a conversation that outgrows the
    context keeps its start for many turns. If the start moved a little in every turn, the whole prompt would have to be
    prefilled again each time.
    """
    yield 0
    stride_bytes = token_limit * BYTES_PER_TOKEN // 2
    bytes_before = bytes_before_last_start = 0
    for index, message in enumerate(history):
        if message.role == "user" and bytes_before // stride_bytes > bytes_before_last_start // stride_bytes:
            yield index
            bytes_before_last_start = bytes_before
        bytes_before += len((message.prompt or message.text).encode("utf-8", "replace"))
    if history:
        yield len(history)
