"""Opens the dialog that chooses folders and documents, and keeps it filled from the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from core.domain.conversation import Scope
from gui.chat import actions
from gui.chat.scope_dialog import ScopeDialog
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.workspace import Workspace
    from gui.chat.scope_model import ScopeTree


def open_scope_dialog(
    context: WindowContext, workspace: Workspace, scope: Scope, owner: QWidget, on_chosen: Callable[[Scope], None]
) -> ScopeDialog:
    """The dialog, open over the window of `owner`; `on_chosen` is called with the new scope."""
    made: list[ScopeDialog] = []

    def read(words: str) -> None:
        def show(tree: ScopeTree) -> None:
            if made and made[0].filter.text() == words:
                made[0].show_tree(tree)

        context.bridge.run(actions.read_scope_tree(workspace, words, owner, show))

    dialog = ScopeDialog(context.theme, scope, read, owner.window())
    made.append(dialog)
    dialog.chosen.connect(on_chosen)
    dialog.finished.connect(lambda result: made.clear())
    dialog.open()
    return dialog
