"""Chooses what a conversation looks into: folders, parts of them, documents; searched, or given in full."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QTreeView, QWidget

from core.domain.conversation import WHOLE_LIBRARY, Scope
from core.i18n import ngettext, tr
from gui.chat.scope_model import ScopeModel, ScopeTree
from gui.documents.library_view import RowDelegate
from gui.style.elements import column, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

SIZE = (460, 560)
FILTER_PAUSE_MS = 200


class ScopeDialog(QDialog):
    """`read` is asked for the tree with the words of the filter and gives it to `show_tree` later. `chosen` carries the
    new scope."""

    chosen = Signal(object)  # Scope

    def __init__(self, theme: Theme, scope: Scope, read: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What this conversation looks into"))
        self._read = read
        self.model = ScopeModel(self)
        self.model.set_choice(scope.paths)
        self.model.chosen.connect(self._count)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter by name"))
        self.filter.setAccessibleName(tr("Filter by name"))
        self.filter.setClearButtonEnabled(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(FILTER_PAUSE_MS)
        self._pause.timeout.connect(lambda: self._read(self.filter.text()))
        self.filter.textChanged.connect(lambda words: self._pause.start())
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setAccessibleName(tr("Folders and documents"))
        self.model.chosen.connect(self.view.viewport().update)  # a box changes the boxes above and below it
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
        self.resize(SIZE[0], min(SIZE[1], parent.window().height()))
        self._count()
        read("")

    @property
    def scope(self) -> Scope:
        paths = self.model.choice.paths
        return Scope(paths, bool(paths) and self.whole.isChecked()) if paths else WHOLE_LIBRARY

    def show_tree(self, tree: ScopeTree) -> None:
        self.model.show_all(tree)
        if tree.filtered:
            self.view.expandAll()
        elif len(tree.shown.roots) == 1:
            self.view.expand(self.model.index_of(tree.shown.roots[0]))
        if not self.view.currentIndex().isValid() and tree.shown.roots:
            self.view.setCurrentIndex(self.model.index_of(tree.shown.roots[0]))
        self._count()

    def _make_buttons(self) -> QHBoxLayout:
        line = row()
        self.all = push_button(tr("All documents"), self._choose_all, "quiet")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        self.accept_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        line.addWidget(self.all)
        line.addStretch(1)
        line.addWidget(buttons)
        return line

    def _choose_all(self) -> None:
        self.model.set_choice(())
        self.view.viewport().update()
        self._count()

    def _count(self) -> None:
        paths = self.model.choice.paths
        self.whole.setEnabled(bool(paths))
        self.count.setText(
            ngettext("{n} document chosen", "{n} documents chosen", self.model.counted())
            if paths
            else tr("All documents are searched.")
        )

    def _accept(self) -> None:
        self.chosen.emit(self.scope)
        self.accept()
