"""The list of conversations: newest first, searched by title, renamed in place, deleted with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QListView, QMenu

from core.i18n import tr
from gui.bridge import Bridge
from gui.chat import operations
from gui.chat.conversation_rows import SUMMARY, ConversationDelegate, ConversationsModel
from gui.style.elements import column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from core.domain.conversation import ConversationSummary
    from core.survey.run_state import SurveyRun
    from core.workspace import Workspace


class ConversationList(QFrame):
    """Renames, deletes and restores conversations itself; emits the one to show as `conversation_chosen`."""

    conversation_chosen = Signal(int)
    new_wanted = Signal()
    refreshed = Signal()
    surveys_wanted = Signal()
    conversation_deleted = Signal(int, str)  # a conversation's id and title

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self._workspace: Workspace | None = None
        self.model = ConversationsModel(self)
        self.model.renamed.connect(self._rename)
        self.view = QListView()
        self._set_up_view(theme)
        self.search_field = QLineEdit()
        self.search_field.setPlaceholderText(tr("Search titles"))
        self.search_field.setAccessibleName(tr("Search conversations by title"))
        self.search_field.setClearButtonEnabled(True)
        self.search_field.textChanged.connect(self._search)
        header = row()
        header.setContentsMargins(2 * SPACE, SPACE, SPACE, 0)
        header.addWidget(label(tr("Conversations"), "title"), 1)
        self.new_button = icon_button(
            theme, "compose", tr("New conversation (Ctrl+N)"), self.new_wanted.emit, size_px=20
        )
        header.addWidget(self.new_button)
        search_row = row()
        search_row.setContentsMargins(SPACE, 0, SPACE, 0)
        search_row.addWidget(self.search_field)
        layout = column(self, 0, SPACE)
        layout.addLayout(header)
        layout.addLayout(search_row)
        self.hint = label("", "small", wrap=True)
        self.hint.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 0)
        self.hint.hide()
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        self.surveys_button = push_button(tr("Surveys"), self.surveys_wanted.emit, "quiet")
        self.surveys_button.setToolTip(tr("Put one question to every document (Ctrl+E)"))
        footer = row()
        footer.setContentsMargins(SPACE, 0, SPACE, SPACE)
        footer.addWidget(self.surveys_button)
        footer.addStretch(1)
        layout.addLayout(footer)
        self._current = 0

    def attach(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.refresh()

    def refresh(self) -> None:
        """Read the list again."""
        if self._workspace is not None:
            self._bridge.run(operations.list_conversations(self._workspace, self, self._show_summaries))

    def delete(self, conversation_id: int) -> None:
        if self._workspace is None:
            return
        title = self.model.title(conversation_id)

        def done() -> None:
            self.refresh()
            self.conversation_deleted.emit(conversation_id, title)

        self._bridge.run(operations.delete_conversation(self._workspace, conversation_id, self, done))

    def restore(self, conversation_id: int) -> None:
        """Undo a deletion, and open the conversation."""
        if self._workspace is None:
            return

        def done() -> None:
            self.refresh()
            self.conversation_chosen.emit(conversation_id)

        self._bridge.run(operations.restore_conversation(self._workspace, conversation_id, self, done))

    def _rename(self, conversation_id: int, title: str) -> None:
        if self._workspace is not None:
            self._bridge.run(
                operations.rename_conversation(self._workspace, conversation_id, title, self, self.refresh)
            )

    def _show_summaries(self, summaries: tuple[ConversationSummary, ...]) -> None:
        self.model.show_summaries(summaries)
        self.select(self._current)
        self._show_hint()
        self.refreshed.emit()

    def select(self, conversation_id: int) -> None:
        """Mark the conversation that is shown; none for 0, a new one."""
        self._current = conversation_id
        row_index = self.model.row_of(conversation_id)
        self.view.setCurrentIndex(self.model.index(row_index) if row_index >= 0 else QModelIndex())
        if row_index < 0:
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
        view.customContextMenuRequested.connect(self._show_menu)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        action = QAction(tr("Delete"), view)
        action.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda checked=False: self.delete_current())
        view.addAction(action)

    def _choose(self, index: QModelIndex) -> None:
        self.conversation_chosen.emit(index.data(SUMMARY).id)

    def _search(self, text: str) -> None:
        self.model.search(text)
        self.select(self._current)
        self._show_hint()

    def show_survey_run(self, run: SurveyRun | None) -> None:
        """Show on the button how far the running survey is."""
        text = tr("Surveys")
        if run is not None and run.total:
            text = tr("Surveys · {read} of {documents} read", read=run.done, documents=run.total)
        self.surveys_button.setText(text)
        self.surveys_button.setAccessibleName(text)

    def _show_hint(self) -> None:
        """Say why the list is empty, if it is."""
        searched = bool(self.search_field.text().strip())
        self.hint.setText(tr("No title with these words") if searched else tr("Your questions will be listed here."))
        self.hint.setVisible(not self.model.shown)

    def _show_menu(self, position: QPoint) -> None:
        if not self.view.currentIndex().isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Rename"), self.rename_current)
        menu.addAction(tr("Delete"), self.delete_current)
        menu.popup(self.view.viewport().mapToGlobal(position))
