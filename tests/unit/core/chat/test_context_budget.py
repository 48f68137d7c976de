"""How much is read for a question: more for a fast machine and a patient person, never less than answers need."""

from __future__ import annotations

import pytest

from core.chat.context_budget import LEAST_CHARS, MOST_CHARS, chars_per_token, context_budget
from core.domain.conversation import LatencyBudget

ENGLISH = "How much is the monthly rent of the flat?"


@pytest.mark.parametrize("speed", [None, 5.0, 40.0, 140.0, 3000.0])
def test_more_patience_reads_more(speed: float | None) -> None:
    fast, balanced, thorough = (context_budget(patience, speed, ENGLISH) for patience in LatencyBudget)
    assert fast.chars < balanced.chars < thorough.chars
    assert fast.tokens < balanced.tokens < thorough.tokens


@pytest.mark.parametrize("patience", list(LatencyBudget))
def test_a_slow_machine_still_reads_enough_and_a_fast_one_not_too_much(patience: LatencyBudget) -> None:
    slow, fast = context_budget(patience, 1.0, ENGLISH), context_budget(patience, 1e6, ENGLISH)
    assert slow.chars == LEAST_CHARS[patience] and fast.chars == MOST_CHARS[patience]
    assert slow.passages >= 3


def test_on_a_middling_machine_the_wait_is_the_patience() -> None:
    found = context_budget(LatencyBudget.BALANCED, 50.0, ENGLISH)
    wait_s = found.wait_s(found.tokens)
    assert wait_s is not None and 40 <= wait_s <= 45
    assert context_budget(LatencyBudget.BALANCED, None, ENGLISH).wait_s(100) is None


def test_scripts_that_say_more_in_a_character_get_fewer_of_them() -> None:
    assert chars_per_token("租约什么时候到期？") < chars_per_token("متى ينتهي العقد؟") < chars_per_token(ENGLISH)
    chinese, english = (context_budget(LatencyBudget.BALANCED, 50.0, text) for text in ("租约什么时候到期？", ENGLISH))
    assert chinese.chars < english.chars and abs(chinese.tokens - english.tokens) < 10
