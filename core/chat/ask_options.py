"""The options of one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.conversation import AnswerFormat, LatencyBudget

if TYPE_CHECKING:
    from models.conversation import Effort


@dataclass(frozen=True, slots=True)
class AskOptions:
    """What the composer sets for a question besides its text: effort of reasoning, latency budget, answer format."""

    effort: Effort
    latency_budget: LatencyBudget = LatencyBudget.BALANCED
    answer_format: AnswerFormat = AnswerFormat()
