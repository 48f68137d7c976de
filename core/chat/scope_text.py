"""A scope in words. Separate from `core.chat.scope_selection`, which the window's start does without."""

from __future__ import annotations

from core.domain.conversation import Scope
from core.i18n import ngettext, tr


def scope_text(scope: Scope) -> str:
    """State a scope in a few words: the name of its one folder or document, or how many there are."""
    if not scope.paths:
        return tr("All documents")
    if len(scope.paths) == 1:
        text = scope.paths[0].name or str(scope.paths[0])
    else:
        text = ngettext("{n} chosen", "{n} chosen", len(scope.paths))
    return tr("{scope}, in full", scope=text) if scope.whole else text
