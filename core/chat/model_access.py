"""Access to the chat model for the turns of a conversation: opens it, and keeps its measured speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.chat.generation import AnsweringModel
from core.store.conversations.model_speeds import Speed, Speeds
from models.cancel import CancelToken
from models.conversation import Usage
from models.progress import ReportProgress

MIN_MEASURED_TOKENS = 128  # a speed measured on a shorter prefill is unreliable

OpenModel = Callable[[ReportProgress, CancelToken, int], AnsweringModel]
"""Loads the model if need be and restores the KV cache of the stored conversation with that id (0: of a new one)."""


@dataclass(frozen=True, slots=True)
class ChatModelAccess:
    """`key` returns what identifies the chosen model in `speeds`, empty if there is none."""

    open: OpenModel
    key: Callable[[], str]
    speeds: Speeds

    def speed(self) -> Speed | None:
        """Return the last measured speed of the chosen model; None if it was never measured."""
        return self.speeds.of(self.key())

    def record_first_speed(self, model: AnsweringModel) -> None:
        """Record the speed of a prefill that answered nothing, so that even the first question can be planned."""
        key, prefill_tokens_s = self.key(), model.prefill_tokens_s
        if key and prefill_tokens_s and self.speeds.of(key) is None:
            self.speeds.note(key, Speed(prefill_tokens_s, 0.0))

    def record_speed(self, usage: Usage) -> None:
        """Record the speeds of an answer, from which the context budget of later questions is computed."""
        prefilled = usage.prompt_tokens - usage.reused_tokens
        key = self.key()
        if key and prefilled >= MIN_MEASURED_TOKENS and usage.prefill_s > 0:
            decode_tokens_s = usage.generated_tokens / usage.decode_s if usage.decode_s > 0 else 0.0
            self.speeds.note(key, Speed(prefilled / usage.prefill_s, decode_tokens_s))
