"""The dialog that chooses what a conversation looks into: folders and documents, searched or given in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QTreeView, QWidget

from core.chat.scope_selection import ScopeTree
from core.domain.conversation import WHOLE_LIBRARY, Scope
from core.i18n import ngettext, tr
from gui.chat import operations
from gui.chat.scope_model import ScopeModel
from gui.documents.library_view import RowDelegate
from gui.style.elements import column, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.workspace import Workspace

SIZE_PX = (460, 560)
FILTER_DELAY_MS = 200


class ScopeDialog(QDialog):
    """`request_tree` is called with the text of the filter; whoever answers calls `show_tree`."""

    chosen = Signal(object)  # Scope

    def __init__(self, theme: Theme, scope: Scope, request_tree: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What this conversation looks into"))
        self._request_tree = request_tree
        self.model = ScopeModel(self)
        self.model.set_selection(scope.paths)
        self.model.selection_changed.connect(self._show_count)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter by name"))
        self.filter.setAccessibleName(tr("Filter by name"))
        self.filter.setClearButtonEnabled(True)
        self._filter_timer = QTimer(self)
        self._filter_timer.setSingleShot(True)
        self._filter_timer.setInterval(FILTER_DELAY_MS)
        self._filter_timer.timeout.connect(lambda: self._request_tree(self.filter.text()))
        self.filter.textChanged.connect(lambda text: self._filter_timer.start())
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setAccessibleName(tr("Folders and documents"))
        self.model.selection_changed.connect(self.view.viewport().update)  # a box changes the boxes above and below it
        self.view.setItemDelegate(RowDelegate(theme, self.model, self.view))
        self.whole = QCheckBox(tr("Give the chosen documents in full instead of searching them"))
        self.whole.setChecked(scope.whole)
        self.count = label("", "small", wrap=True)
        layout = column(self, 2 * SPACE, SPACE)
        layout.addWidget(label(tr("Choose folders or documents. With none chosen, all are searched."), wrap=True))
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.whole)
        layout.addWidget(self.count)
        layout.addLayout(self._make_buttons())
        self.resize(SIZE_PX[0], min(SIZE_PX[1], parent.window().height()))
        self._show_count()
        request_tree("")

    @property
    def scope(self) -> Scope:
        paths = self.model.selection.paths
        return Scope(paths, bool(paths) and self.whole.isChecked()) if paths else WHOLE_LIBRARY

    def show_tree(self, tree: ScopeTree) -> None:
        self.model.show_scope_tree(tree)
        if tree.filtered:
            self.view.expandAll()
        elif len(tree.shown.roots) == 1:
            self.view.expand(self.model.index_of(tree.shown.roots[0]))
        if not self.view.currentIndex().isValid() and tree.shown.roots:
            self.view.setCurrentIndex(self.model.index_of(tree.shown.roots[0]))
        self._show_count()

    def _make_buttons(self) -> QHBoxLayout:
        line = row()
        self.all_button = push_button(tr("All documents"), self._clear_selection, "quiet")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        self.accept_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        line.addWidget(self.all_button)
        line.addStretch(1)
        line.addWidget(buttons)
        return line

    def _clear_selection(self) -> None:
        self.model.set_selection(())
        self.view.viewport().update()
        self._show_count()

    def _show_count(self) -> None:
        paths = self.model.selection.paths
        self.whole.setEnabled(bool(paths))
        self.count.setText(
            ngettext("{n} document chosen", "{n} documents chosen", self.model.document_count())
            if paths
            else tr("All documents are searched.")
        )

    def _accept(self) -> None:
        self.chosen.emit(self.scope)
        self.accept()


def open_scope_dialog(
    context: WindowContext, workspace: Workspace, scope: Scope, owner: QWidget, on_chosen: Callable[[Scope], None]
) -> ScopeDialog:
    """Open the dialog over the window of `owner`; `on_chosen` gets the new scope."""
    opened: list[ScopeDialog] = []

    def request_tree(words: str) -> None:
        def show(tree: ScopeTree) -> None:
            if opened and opened[0].filter.text() == words:
                opened[0].show_tree(tree)

        context.bridge.run(operations.read_scope_tree(workspace, words, owner, show))

    dialog = ScopeDialog(context.theme, scope, request_tree, owner.window())
    opened.append(dialog)
    dialog.chosen.connect(on_chosen)
    dialog.finished.connect(lambda result: opened.clear())
    dialog.open()
    return dialog
