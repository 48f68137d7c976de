"""Context budgets: larger on a fast machine and for a generous latency budget, never too small for an answer."""

from __future__ import annotations

import pytest

from core.chat.context_budget import MAX_CHARS, MIN_CHARS, chars_per_token, context_budget
from core.domain.conversation import LatencyBudget

ENGLISH = "How much is the monthly rent of the flat?"


@pytest.mark.parametrize("speed", [None, 5.0, 40.0, 140.0, 3000.0])
def test_a_larger_latency_budget_allows_more(speed: float | None) -> None:
    fast, balanced, thorough = (context_budget(latency_budget, speed, ENGLISH) for latency_budget in LatencyBudget)
    assert fast.max_chars < balanced.max_chars < thorough.max_chars
    assert fast.max_tokens < balanced.max_tokens < thorough.max_tokens


@pytest.mark.parametrize("latency_budget", list(LatencyBudget))
def test_characters_stay_within_bounds_on_any_machine(latency_budget: LatencyBudget) -> None:
    slow, fast = context_budget(latency_budget, 1.0, ENGLISH), context_budget(latency_budget, 1e6, ENGLISH)
    assert slow.max_chars == MIN_CHARS[latency_budget] and fast.max_chars == MAX_CHARS[latency_budget]
    assert slow.max_passages >= 3


def test_between_the_bounds_prefill_takes_the_accepted_time() -> None:
    budget = context_budget(LatencyBudget.BALANCED, 50.0, ENGLISH)
    wait_s = budget.wait_s(budget.max_tokens)
    assert wait_s is not None and 40 <= wait_s <= 45
    assert context_budget(LatencyBudget.BALANCED, None, ENGLISH).wait_s(100) is None


def test_dense_scripts_get_fewer_characters_for_the_same_tokens() -> None:
    assert chars_per_token("租约什么时候到期？") < chars_per_token("متى ينتهي العقد؟") < chars_per_token(ENGLISH)
    chinese, english = (context_budget(LatencyBudget.BALANCED, 50.0, text) for text in ("租约什么时候到期？", ENGLISH))
    assert chinese.max_chars < english.max_chars and abs(chinese.max_tokens - english.max_tokens) < 10
