"""The list of conversations: newest first, searched by title, renamed in place, deleted with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QListView, QMenu

from core.i18n import tr
from gui.bridge import Bridge
from gui.chat import actions
from gui.chat.conversation_rows import SUMMARY, ConversationDelegate, ConversationsModel
from gui.style.elements import column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from core.domain.conversation import ConversationSummary
    from core.workspace import Workspace
    from gui.surveys.actions import Run


class ConversationList(QFrame):
    """Renames, deletes and restores; who shows conversations hears which is chosen and which is gone."""

    chosen = Signal(int)
    new_wanted = Signal()
    listed = Signal()
    surveys_wanted = Signal()
    deleted = Signal(int, str)  # a conversation's id and title

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self._workspace: Workspace | None = None
        self.model = ConversationsModel(self)
        self.model.renamed.connect(self._rename)
        self.view = QListView()
        self._set_up_view(theme)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search titles"))
        self.search.setAccessibleName(tr("Search conversations by title"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        head = row()
        head.setContentsMargins(2 * SPACE, SPACE, SPACE, 0)
        head.addWidget(label(tr("Conversations"), "title"), 1)
        self.new = icon_button(theme, "compose", tr("New conversation (Ctrl+N)"), self.new_wanted.emit, size_px=20)
        head.addWidget(self.new)
        field = row()
        field.setContentsMargins(SPACE, 0, SPACE, 0)
        field.addWidget(self.search)
        layout = column(self, 0, SPACE)
        layout.addLayout(head)
        layout.addLayout(field)
        self.hint = label("", "small", wrap=True)
        self.hint.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 0)
        self.hint.hide()
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        self.surveys = push_button(tr("Surveys"), self.surveys_wanted.emit, "quiet")
        self.surveys.setToolTip(tr("Put one question to every document (Ctrl+E)"))
        foot = row()
        foot.setContentsMargins(SPACE, 0, SPACE, SPACE)
        foot.addWidget(self.surveys)
        foot.addStretch(1)
        layout.addLayout(foot)
        self._current = 0

    def attach(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.refresh()

    def refresh(self) -> None:
        """List them anew."""
        if self._workspace is not None:
            self._bridge.run(actions.list_conversations(self._workspace, self, self._show_all))

    def delete(self, conversation_id: int) -> None:
        if self._workspace is None:
            return
        title = self.model.title(conversation_id)

        def done() -> None:
            self.refresh()
            self.deleted.emit(conversation_id, title)

        self._bridge.run(actions.delete(self._workspace, conversation_id, self, done))

    def restore(self, conversation_id: int) -> None:
        """Undo a deletion, and open what came back."""
        if self._workspace is None:
            return

        def done() -> None:
            self.refresh()
            self.chosen.emit(conversation_id)

        self._bridge.run(actions.restore(self._workspace, conversation_id, self, done))

    def _rename(self, conversation_id: int, title: str) -> None:
        if self._workspace is not None:
            self._bridge.run(actions.rename(self._workspace, conversation_id, title, self, self.refresh))

    def _show_all(self, summaries: tuple[ConversationSummary, ...]) -> None:
        self.model.show_all(summaries)
        self.select(self._current)
        self._show_hint()
        self.listed.emit()

    def select(self, conversation_id: int) -> None:
        """Mark the conversation that is shown; 0 for a new one."""
        self._current = conversation_id
        at = self.model.row_of(conversation_id)
        self.view.setCurrentIndex(self.model.index(at) if at >= 0 else QModelIndex())
        if at < 0:
            self.view.clearSelection()

    def rename_current(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.view.edit(index)

    def delete_current(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.delete(index.data(SUMMARY).id)

    def _set_up_view(self, theme: Theme) -> None:
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(ConversationDelegate(theme, view))
        view.setAccessibleName(tr("Conversations"))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._menu)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        action = QAction(tr("Delete"), view)
        action.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda checked=False: self.delete_current())
        view.addAction(action)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(SUMMARY).id)

    def _search(self, text: str) -> None:
        self.model.search(text)
        self.select(self._current)
        self._show_hint()

    def show_survey(self, run: Run | None) -> None:
        """How far the survey is that is being read."""
        words = tr("Surveys")
        if run is not None and run.total:
            words = tr("Surveys · {read} of {documents} read", read=run.done, documents=run.total)
        self.surveys.setText(words)
        self.surveys.setAccessibleName(words)

    def _show_hint(self) -> None:
        """An empty list says why it is empty."""
        searched = bool(self.search.text().strip())
        self.hint.setText(tr("No title with these words") if searched else tr("Your questions will be listed here."))
        self.hint.setVisible(not self.model.shown)

    def _menu(self, where: QPoint) -> None:
        if not self.view.currentIndex().isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Rename"), self.rename_current)
        menu.addAction(tr("Delete"), self.delete_current)
        menu.popup(self.view.viewport().mapToGlobal(where))
