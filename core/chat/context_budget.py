"""How much a question may have read: from a person's patience and the machine's speed to characters of passages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.domain.conversation import LatencyBudget

MAX_WAIT_S = {LatencyBudget.FAST: 15, LatencyBudget.BALANCED: 45, LatencyBudget.THOROUGH: 150}
"""Seconds until the answer begins that a person accepts, reading of the passages alone."""
MIN_CHARS = {LatencyBudget.FAST: 2_000, LatencyBudget.BALANCED: 3_600, LatencyBudget.THOROUGH: 6_000}
"""Read on the slowest machine too: on the sets of the retrieval measurements, 3,000 characters hold the answer for nine
questions of ten."""
MAX_CHARS = {LatencyBudget.FAST: 6_000, LatencyBudget.BALANCED: 12_000, LatencyBudget.THOROUGH: 36_000}
"""More helps no answer: what is ranked lower distracts."""
ASSUMED_PREFILL_TOKENS_S = 40.0
"""Taken until a speed has been measured; laptops read gpt-oss-20b at 15 to 140 tokens a second."""
QUESTION_TOKENS = 150
"""Read besides the passages: the question, and what stands around it."""
CHARS_PER_PASSAGE = 600
"""A passage shown is twice as long and more; the limit on their number only keeps tiny ones from filling the room."""
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HALF_DENSE = re.compile(r"[\u0370-\u1fff]")


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """At most `passages` of together `chars` characters, to be read in `tokens` tokens at `tokens_s` (None: not
    measured)."""

    max_passages: int
    max_chars: int
    max_tokens: int
    prefill_tokens_s: float | None

    def wait_s(self, tokens: int) -> float | None:
        """How long reading `tokens` takes here."""
        return tokens / self.prefill_tokens_s if self.prefill_tokens_s else None


def context_budget(latency_budget: LatencyBudget, prefill_tokens_s: float | None, question: str) -> ContextBudget:
    """What can be read of passages that are likely in the question's script, so that the answer begins in time."""
    per_token = chars_per_token(question)
    tokens = max(0.0, (prefill_tokens_s or ASSUMED_PREFILL_TOKENS_S) * MAX_WAIT_S[latency_budget] - QUESTION_TOKENS)
    least, most = (int(limit[latency_budget] * per_token / 4) for limit in (MIN_CHARS, MAX_CHARS))
    chars = int(min(max(tokens * per_token, least), most))
    return ContextBudget(max(3, chars // CHARS_PER_PASSAGE), chars, max(int(tokens), int(least / per_token)), prefill_tokens_s)


def chars_per_token(text: str) -> float:
    """About how many characters of a script gpt-oss's vocabulary takes as one token (o200k: English 4.5, Arabic, Hindi,
    Thai and Cyrillic about 3, Chinese and Japanese 1.4)."""
    letters = sum(character.isalpha() for character in text) or 1
    dense = len(_DENSE.findall(text)) / letters
    half = len(_HALF_DENSE.findall(text)) / letters
    return 1.4 * dense + 3.0 * half + 4.0 * max(0.0, 1 - dense - half)
