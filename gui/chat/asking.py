"""How a question is asked: how long the model may reason, how much it may read, which form the answer has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.conversation import AnswerFormat, Patience

if TYPE_CHECKING:
    from models.conversation import Effort


@dataclass(frozen=True, slots=True)
class Manner:
    """What the composer has set for a question, besides its words."""

    effort: Effort
    patience: Patience = Patience.BALANCED
    answer_format: AnswerFormat = AnswerFormat()
