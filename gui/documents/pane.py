"""The document pane: search field on top; below it the library, the results of a search, or an opened document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QWidget

from core.i18n import fault_text, tr
from gui.context import WindowContext
from gui.documents.welcome import Welcome
from gui.style.elements import column, icon_button, label, row
from gui.style.icons import icon
from gui.style.sheet import SPACE

if TYPE_CHECKING:
    from core.domain.documents import Document
    from core.workspace import Workspace
    from gui.documents.actions import LibraryActions
    from gui.documents.document_view import DocumentView
    from gui.documents.library_view import LibraryView
    from gui.documents.marks import TextMatch
    from gui.documents.place import PassageTarget, PassageTargets
    from gui.documents.search_panel import SearchPanel
    from gui.documents.tree import LibraryTree

SEARCH_PAUSE_MS = 200
SMALLEST_WIDTH = 240


class DocumentPane(QFrame):
    """Shows the library and what is opened from it. Useful once `attach` has given it the workspace.

    Its pages are made when they are first needed: the window is there sooner.
    """

    add_wanted = Signal()
    guide_wanted = Signal()
    meaning_wanted = Signal()
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path
    remove = Signal(object)  # Folder

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._actions: LibraryActions | None = None
        self._asked = ""
        theme = context.theme
        self.setObjectName("canvas")
        self.setMinimumWidth(SMALLEST_WIDTH)
        self.welcome = Welcome(theme)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        if context.state.flag("has_documents"):  # not known yet, but likely: do not ask for a folder meanwhile
            self.stack.setCurrentIndex(self.stack.addWidget(QWidget()))
        self.search = self._search_field()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SEARCH_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        layout = column(self, 0, SPACE)
        layout.addLayout(self._header())
        field = row()
        field.setContentsMargins(SPACE, 0, SPACE, 0)
        field.addWidget(self.search)
        layout.addLayout(field)
        layout.addWidget(self.stack, 1)
        self._connect()

    @cached_property
    def library(self) -> LibraryView:
        from gui.documents.library_view import LibraryView

        made = LibraryView(self._context.theme)
        made.opened.connect(self._open_document)
        made.open_outside.connect(self.open_outside)
        made.reveal.connect(self.reveal)
        made.remove.connect(self.remove)
        if self._actions is not None:
            actions = self._actions
            made.filter_changed.connect(actions.set_filter)
            made.index_again.connect(lambda path: actions.index_again([path]))
            made.retry.connect(actions.retry)
            made.password_wanted.connect(self._ask_password)
        self.stack.addWidget(made)
        return made

    def _ask_password(self, document: Document) -> None:
        from gui.documents.password import PasswordDialog

        if self._actions is None:
            return
        actions = self._actions
        dialog = PasswordDialog(document, self.window())
        dialog.entered.connect(lambda password: actions.unlock(document.id, document.path, password))
        dialog.open()

    @cached_property
    def results(self) -> SearchPanel:
        from gui.documents.search_panel import SearchPanel

        made = SearchPanel(self._context.theme)
        made.opened.connect(self._open_result)
        made.meaning_wanted.connect(self.meaning_wanted)
        self.stack.addWidget(made)
        return made

    @cached_property
    def document(self) -> DocumentView:
        from gui.documents.document_view import DocumentView

        made = DocumentView(self._context.theme)
        made.closed.connect(self.close_document)
        made.wanted.connect(self._read)
        made.open_outside.connect(self.open_outside)
        made.reveal.connect(self.reveal)
        self.stack.addWidget(made)
        return made

    def attach(self, workspace: Workspace, actions: LibraryActions) -> None:
        """The workspace is open: show what is in it."""
        self._workspace, self._actions = workspace, actions
        actions.tree_changed.connect(self._show_tree)
        actions.indexed.connect(lambda report: self.document.forget())
        actions.refresh()

    def shows(self, page: str) -> bool:
        """Whether "library", "results" or "document" is what is seen; asking makes no page."""
        return page in self.__dict__ and self.stack.currentWidget() is self.__dict__[page]

    def open_places(self, places: PassageTargets) -> None:
        """Open a place in a document: from a citation, a result or the tree."""
        self.stack.setCurrentWidget(self.document)
        self.document.show_places(places)

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def search_for(self, words: str) -> None:
        self.search.setText(words)
        self._pause.stop()
        self._search()

    def step_back(self) -> None:
        """One step back: from the opened document, else from the search."""
        if self.shows("document"):
            self.close_document()
        elif self.search.text():
            self.search.clear()

    def close_document(self) -> None:
        """Back to where the document was opened from."""
        if self.search.text().strip() and "results" in self.__dict__ and self.results.found is not None:
            self.stack.setCurrentWidget(self.results)
            self.results.view.setFocus()
        else:
            self._show_library()
            (self.library.view if self.shows("library") else self.welcome.add).setFocus()

    def _header(self) -> QHBoxLayout:
        header = row()
        header.setContentsMargins(2 * SPACE, SPACE, SPACE, 0)
        header.addWidget(label(tr("Documents"), "title"), 1)
        self.add = icon_button(
            self._context.theme, "folder-add", tr("Add a folder (Ctrl+O)"), self.add_wanted.emit, size_px=20
        )
        header.addWidget(self.add)
        return header

    def _connect(self) -> None:
        self.welcome.add_wanted.connect(self.add_wanted)
        self.welcome.guide_wanted.connect(self.guide_wanted)
        self.search.textChanged.connect(self._words_changed)
        self.search.returnPressed.connect(self._enter_results)

    def _search_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(tr("Search in your documents"))
        field.setAccessibleName(tr("Search in your documents"))
        field.setToolTip(tr("Search in your documents (Ctrl+F)"))
        field.setClearButtonEnabled(True)
        theme = self._context.theme
        action = field.addAction(icon("search", theme.colours.muted), QLineEdit.ActionPosition.LeadingPosition)
        theme.tint(action, "search", "muted")
        field.installEventFilter(self)
        return field

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow down leads from the search field to the results."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down and self.shows("results"):
                self.results.view.setFocus()
                return True
        return super().eventFilter(watched, event)

    def _words_changed(self, words: str) -> None:
        if not words.strip():
            self._pause.stop()
            self._asked = ""
            if "results" in self.__dict__:
                self.results.clear()
            if self.shows("results"):
                self._show_library()
            return
        self._pause.start()

    def _search(self) -> None:
        from gui.documents.lookups import search

        query = self.search.text().strip()
        if not query or self._workspace is None:
            return
        self._asked = query
        self.results.show_searching()
        self.stack.setCurrentWidget(self.results)
        self._context.bridge.run(search(self._workspace, query, self, self._show_found))

    def _show_found(self, found: TextMatch) -> None:
        if found.result.query == self._asked:
            indexing = self._actions is not None and self._actions.indexing is not None
            self.results.show_found(found, still_indexing=indexing)

    def _enter_results(self) -> None:
        """Enter in the search field opens the first result, or searches at once if there is none yet."""
        found = self.results.found
        if found is not None and found.result.query == self.search.text().strip() and found.snippets:
            self.stack.setCurrentWidget(self.results)
            self.results.view.setFocus()
            self._open_result(max(0, self.results.view.currentIndex().row()))
        else:
            self._pause.stop()
            self._search()

    def _open_result(self, at: int) -> None:
        from gui.documents.place import of_passages

        if self.results.found is not None:
            self.open_places(of_passages(self.results.found.result.passages, at))

    def _open_document(self, document: Document) -> None:
        from gui.documents.place import of_document

        self.open_places(of_document(document))

    def _read(self, place: PassageTarget) -> None:
        from gui.documents.lookups import read_document

        if self._workspace is None or place.document_id is None:
            return
        self._context.bridge.run(
            read_document(
                self._workspace,
                place.document_id,
                self,
                self.document.show_text,
                lambda fault: self.document.show_fault(fault_text(fault)),
            )
        )

    def _show_tree(self, tree: LibraryTree) -> None:
        if tree.folders or "library" in self.__dict__:
            self.library.show_tree(tree)
        if not self.shows("results") and not self.shows("document"):
            self._show_library()
        self._context.state.set("has_documents", tree.folders > 0)

    def _show_library(self) -> None:
        known = self._actions is not None and (self._actions.tree.folders > 0 or self._actions.indexing is not None)
        self.stack.setCurrentWidget(self.library if known else self.welcome)
