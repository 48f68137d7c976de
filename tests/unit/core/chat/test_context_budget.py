"""How much is read for a question: more for a fast machine and a patient person, never less than answers need."""

from __future__ import annotations

import pytest

from core.chat.context_budget import MAX_CHARS, MIN_CHARS, chars_per_token, context_budget
from core.domain.conversation import LatencyBudget

ENGLISH = "How much is the monthly rent of the flat?"


@pytest.mark.parametrize("speed", [None, 5.0, 40.0, 140.0, 3000.0])
def test_more_patience_reads_more(speed: float | None) -> None:
    fast, balanced, thorough = (context_budget(patience, speed, ENGLISH) for patience in LatencyBudget)
    assert fast.max_chars < balanced.max_chars < thorough.max_chars
    assert fast.max_tokens < balanced.max_tokens < thorough.max_tokens


@pytest.mark.parametrize("patience", list(LatencyBudget))
def test_a_slow_machine_still_reads_enough_and_a_fast_one_not_too_much(patience: LatencyBudget) -> None:
    slow, fast = context_budget(patience, 1.0, ENGLISH), context_budget(patience, 1e6, ENGLISH)
    assert slow.max_chars == MIN_CHARS[patience] and fast.max_chars == MAX_CHARS[patience]
    assert slow.max_passages >= 3


def test_on_a_middling_machine_the_wait_is_the_patience() -> None:
    found = context_budget(LatencyBudget.BALANCED, 50.0, ENGLISH)
    wait_s = found.wait_s(found.max_tokens)
    assert wait_s is not None and 40 <= wait_s <= 45
    assert context_budget(LatencyBudget.BALANCED, None, ENGLISH).wait_s(100) is None


def test_scripts_that_say_more_in_a_character_get_fewer_of_them() -> None:
    assert chars_per_token("租约什么时候到期？") < chars_per_token("متى ينتهي العقد؟") < chars_per_token(ENGLISH)
    chinese, english = (context_budget(LatencyBudget.BALANCED, 50.0, text) for text in ("租约什么时候到期？", ENGLISH))
    assert chinese.max_chars < english.max_chars and abs(chinese.max_tokens - english.max_tokens) < 10
