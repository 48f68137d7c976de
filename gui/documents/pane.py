"""The document pane: a search field, and below it the library, the results of a search, or an opened document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QWidget

from core.i18n import fault_text, tr
from gui.documents.welcome import Welcome
from gui.lazy import Lazy
from gui.style.elements import column, icon_button, label, row
from gui.style.icons import icon
from gui.style.sheet import SPACE
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.domain.documents import Document
    from core.library.document_tree import LibraryTree
    from core.retrieval.snippets import HighlightedResult
    from core.workspace import Workspace
    from gui.documents.actions import LibraryActions
    from gui.documents.document_view import DocumentView
    from gui.documents.library_view import LibraryView
    from gui.documents.passage_references import PassageReference, ReferenceList
    from gui.documents.search_panel import SearchPanel

SEARCH_PAUSE_MS = 200
SMALLEST_WIDTH = 240


class DocumentPane(QFrame):
    """Shows the library and what is opened from it, once `attach` has given it the workspace.

    Its pages are created when they are first needed, so that the window opens sooner.
    """

    add_wanted = Signal()
    guide_wanted = Signal()
    search_model_wanted = Signal()
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path
    remove = Signal(object)  # Folder

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._actions: LibraryActions | None = None
        self._query = ""  # of the search whose result is awaited or shown
        theme = context.theme
        self.setObjectName("canvas")
        self.setMinimumWidth(SMALLEST_WIDTH)
        self._library = Lazy(self._create_library)
        self._results = Lazy(self._create_results)
        self._document = Lazy(self._create_document)
        self.welcome = Welcome(theme)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        if context.state.flag("has_documents"):  # as at the last start: do not ask for a folder until it is known
            self.stack.setCurrentIndex(self.stack.addWidget(QWidget()))
        self.search = self._search_field()
        self._search_timer = QTimer(self)
        self._search_timer.setSingleShot(True)
        self._search_timer.setInterval(SEARCH_PAUSE_MS)
        self._search_timer.timeout.connect(self._search)
        layout = column(self, 0, SPACE)
        layout.addLayout(self._header())
        field = row()
        field.setContentsMargins(SPACE, 0, SPACE, 0)
        field.addWidget(self.search)
        layout.addLayout(field)
        layout.addWidget(self.stack, 1)
        self._connect()

    @property
    def library(self) -> LibraryView:
        return self._library.get()

    def _create_library(self) -> LibraryView:
        from gui.documents.library_view import LibraryView

        page = LibraryView(self._context.theme)
        page.opened.connect(self._open_document)
        page.open_outside.connect(self.open_outside)
        page.reveal.connect(self.reveal)
        page.remove.connect(self.remove)
        if self._actions is not None:
            actions = self._actions
            page.filter_changed.connect(actions.set_filter)
            page.index_again.connect(lambda path: actions.index_again([path]))
            page.retry.connect(actions.retry)
            page.password_wanted.connect(self._ask_password)
        self.stack.addWidget(page)
        return page

    def _ask_password(self, document: Document) -> None:
        from gui.documents.password import PasswordDialog

        if self._actions is None:
            return
        actions = self._actions
        dialog = PasswordDialog(document, self.window())
        dialog.entered.connect(lambda password: actions.unlock(document.id, document.path, password))
        dialog.open()

    @property
    def results(self) -> SearchPanel:
        return self._results.get()

    def _create_results(self) -> SearchPanel:
        from gui.documents.search_panel import SearchPanel

        page = SearchPanel(self._context.theme)
        page.opened.connect(self._open_result)
        page.search_model_wanted.connect(self.search_model_wanted)
        self.stack.addWidget(page)
        return page

    @property
    def document(self) -> DocumentView:
        return self._document.get()

    def _create_document(self) -> DocumentView:
        from gui.documents.document_view import DocumentView

        page = DocumentView(self._context.theme)
        page.closed.connect(self.close_document)
        page.text_wanted.connect(self._read_text)
        page.open_outside.connect(self.open_outside)
        page.reveal.connect(self.reveal)
        self.stack.addWidget(page)
        return page

    def attach(self, workspace: Workspace, actions: LibraryActions) -> None:
        """Show the library of the workspace, which is open now."""
        self._workspace, self._actions = workspace, actions
        actions.tree_changed.connect(self._show_tree)
        actions.indexed.connect(lambda report: self.document.forget())
        actions.refresh()

    def _shows(self, page: Lazy[LibraryView] | Lazy[SearchPanel] | Lazy[DocumentView]) -> bool:
        """Whether `page` is shown; does not create it."""
        return page.existing is not None and self.stack.currentWidget() is page.existing

    def open_references(self, references: ReferenceList) -> None:
        """Open a passage or document: from a citation, a search result or the tree."""
        self.stack.setCurrentWidget(self.document)
        self.document.show_references(references)

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def step_back(self) -> None:
        """Close the opened document, or else clear the search."""
        if self._shows(self._document):
            self.close_document()
        elif self.search.text():
            self.search.clear()

    def close_document(self) -> None:
        """Go back to where the document was opened from."""
        results = self._results.existing
        if self.search.text().strip() and results is not None and results.result is not None:
            self.stack.setCurrentWidget(results)
            results.view.setFocus()
        else:
            self._show_library()
            (self.library.view if self._shows(self._library) else self.welcome.add).setFocus()

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
        self.search.textChanged.connect(self._query_changed)
        self.search.returnPressed.connect(self._open_selected_result)

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
        """Move the focus from the search field to the results on the down key."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down and self._shows(self._results):
                self.results.view.setFocus()
                return True
        return super().eventFilter(watched, event)

    def _query_changed(self, query: str) -> None:
        if not query.strip():
            self._search_timer.stop()
            self._query = ""
            if self._results.existing is not None:
                self._results.existing.clear()
            if self._shows(self._results):
                self._show_library()
            return
        self._search_timer.start()

    def _search(self) -> None:
        from gui.documents.operations import search_library

        query = self.search.text().strip()
        if not query or self._workspace is None:
            return
        self._query = query
        self.results.show_searching()
        self.stack.setCurrentWidget(self.results)
        self._context.bridge.run(search_library(self._workspace, query, self, self._show_result))

    def _show_result(self, result: HighlightedResult) -> None:
        if result.search_result.query == self._query:
            indexing = self._actions is not None and self._actions.indexing is not None
            self.results.show_result(result, still_indexing=indexing)

    def _open_selected_result(self) -> None:
        """Open the selected result, the first one by default; search at once if there is none yet."""
        result = self.results.result
        if result is not None and result.search_result.query == self.search.text().strip() and result.snippets:
            self.stack.setCurrentWidget(self.results)
            self.results.view.setFocus()
            self._open_result(max(0, self.results.view.currentIndex().row()))
        else:
            self._search_timer.stop()
            self._search()

    def _open_result(self, index: int) -> None:
        from gui.documents.passage_references import references_to_passages

        if self.results.result is not None:
            self.open_references(references_to_passages(self.results.result.search_result.passages, index))

    def _open_document(self, document: Document) -> None:
        from gui.documents.passage_references import reference_to_document

        self.open_references(reference_to_document(document))

    def _read_text(self, reference: PassageReference) -> None:
        from gui.documents.operations import read_document

        if self._workspace is None or reference.document_id is None:
            return
        self._context.bridge.run(
            read_document(
                self._workspace,
                reference.document_id,
                self,
                self.document.show_text,
                lambda fault: self.document.show_fault(fault_text(fault)),
            )
        )

    def _show_tree(self, tree: LibraryTree) -> None:
        if tree.folders or self._library.existing is not None:
            self.library.show_tree(tree)
        if not self._shows(self._results) and not self._shows(self._document):
            self._show_library()
        self._context.state.set("has_documents", tree.folders > 0)

    def _show_library(self) -> None:
        actions = self._actions
        has_folders = actions is not None and (actions.tree.folders > 0 or actions.indexing is not None)
        self.stack.setCurrentWidget(self.library if has_folders else self.welcome)
