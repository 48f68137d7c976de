"""How a question is asked: how long the model may reason, how much it may read, which form the answer has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.conversation import AnswerFormat, LatencyBudget

if TYPE_CHECKING:
    from models.conversation import Effort


@dataclass(frozen=True, slots=True)
class AskOptions:
    """What the composer has set for a question, besides its words."""

    effort: Effort
    patience: LatencyBudget = LatencyBudget.BALANCED
    answer_format: AnswerFormat = AnswerFormat()
