"""How much is read for a question: more for a fast machine and a patient person, never less than answers need."""

from __future__ import annotations

import pytest

from core.chat.patience import LEAST_CHARS, MOST_CHARS, budget, chars_per_token
from core.conversation import Patience

ENGLISH = "How much is the monthly rent of the flat?"


@pytest.mark.parametrize("speed", [None, 5.0, 40.0, 140.0, 3000.0])
def test_more_patience_reads_more(speed: float | None) -> None:
    fast, balanced, thorough = (budget(patience, speed, ENGLISH) for patience in Patience)
    assert fast.chars < balanced.chars < thorough.chars
    assert fast.tokens < balanced.tokens < thorough.tokens


@pytest.mark.parametrize("patience", list(Patience))
def test_a_slow_machine_still_reads_enough_and_a_fast_one_not_too_much(patience: Patience) -> None:
    slow, fast = budget(patience, 1.0, ENGLISH), budget(patience, 1e6, ENGLISH)
    assert slow.chars == LEAST_CHARS[patience] and fast.chars == MOST_CHARS[patience]
    assert slow.passages >= 3


def test_on_a_middling_machine_the_wait_is_the_patience() -> None:
    found = budget(Patience.BALANCED, 50.0, ENGLISH)
    wait_s = found.wait_s(found.tokens)
    assert wait_s is not None and 40 <= wait_s <= 45
    assert budget(Patience.BALANCED, None, ENGLISH).wait_s(100) is None


def test_scripts_that_say_more_in_a_character_get_fewer_of_them() -> None:
    assert chars_per_token("租约什么时候到期？") < chars_per_token("متى ينتهي العقد؟") < chars_per_token(ENGLISH)
    chinese, english = (budget(Patience.BALANCED, 50.0, text) for text in ("租约什么时候到期？", ENGLISH))
    assert chinese.chars < english.chars and abs(chinese.tokens - english.tokens) < 10
