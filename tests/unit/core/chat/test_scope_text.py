"""A scope in words: the whole library, one folder or document, several."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chat.scope_text import scope_text
from core.domain.conversation import WHOLE_LIBRARY, Scope


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (WHOLE_LIBRARY, "All documents"),
        (Scope((Path("/papers/lease.md"),)), "lease.md"),
        (Scope((Path("/papers"),), whole=True), "papers, in full"),
        (Scope((Path("/papers/lease.md"), Path("/papers/notes.txt"))), "2 chosen"),
    ],
)
def test_a_scope_in_words(scope: Scope, text: str) -> None:
    assert scope_text(scope) == text
