"""How much text a question may put before the model, given the latency budget and the speed of this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.domain.conversation import LatencyBudget

MAX_WAIT_S = {LatencyBudget.FAST: 15, LatencyBudget.BALANCED: 45, LatencyBudget.THOROUGH: 150}
"""Accepted seconds of prefill for the passages alone."""
MIN_CHARS = {LatencyBudget.FAST: 2_000, LatencyBudget.BALANCED: 3_600, LatencyBudget.THOROUGH: 6_000}
"""Given on the slowest machine too: in the retrieval measurements, 3,000 characters contain the answer to nine
questions of ten."""
MAX_CHARS = {LatencyBudget.FAST: 6_000, LatencyBudget.BALANCED: 12_000, LatencyBudget.THOROUGH: 36_000}
"""More does not improve answers: passages ranked lower distract."""
ASSUMED_PREFILL_TOKENS_S = 40.0
"""Used until the speed has been measured; laptops prefill gpt-oss-20b at 15 to 140 tokens a second."""
QUESTION_TOKENS = 150
"""Of the question and the text around it, besides the passages."""
CHARS_PER_PASSAGE = 600
"""Divides characters into a maximum number of passages. Most passages are at least twice as long, so the number only
limits very short ones."""
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HALF_DENSE = re.compile(r"[\u0370-\u1fff]")


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """Limits on the passages of one question. `max_tokens` is how many tokens can be prefilled in time; the speed is
    None until it has been measured. `latency_budget` is what the limits were computed for."""

    latency_budget: LatencyBudget
    max_passages: int
    max_chars: int
    max_tokens: int
    prefill_tokens_s: float | None

    def wait_s(self, tokens: int) -> float | None:
        """Seconds to prefill `tokens`; None if the speed is unknown."""
        return tokens / self.prefill_tokens_s if self.prefill_tokens_s else None


def context_budget(latency_budget: LatencyBudget, prefill_tokens_s: float | None, question: str) -> ContextBudget:
    """Compute the limits on passages, which are taken to be in the script of `question`."""
    per_token = chars_per_token(question)
    tokens = max(0.0, (prefill_tokens_s or ASSUMED_PREFILL_TOKENS_S) * MAX_WAIT_S[latency_budget] - QUESTION_TOKENS)
    least, most = (int(limit[latency_budget] * per_token / 4) for limit in (MIN_CHARS, MAX_CHARS))
    chars = int(min(max(tokens * per_token, least), most))
    return ContextBudget(
        latency_budget=latency_budget,
        max_passages=max(3, chars // CHARS_PER_PASSAGE),
        max_chars=chars,
        max_tokens=max(int(tokens), int(least / per_token)),
        prefill_tokens_s=prefill_tokens_s,
    )


def chars_per_token(text: str) -> float:
    """Estimate the characters per token of text in the script of `text`, for gpt-oss's vocabulary (measured with o200k:
    English 4.5; Arabic, Hindi, Thai and Cyrillic about 3; Chinese and Japanese 1.4)."""
    letters = sum(character.isalpha() for character in text) or 1
    dense = len(_DENSE.findall(text)) / letters
    half = len(_HALF_DENSE.findall(text)) / letters
    return 1.4 * dense + 3.0 * half + 4.0 * max(0.0, 1 - dense - half)
