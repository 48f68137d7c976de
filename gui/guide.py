"""Opens Papermoor's user guide in the document pane; adds it to the library first if it is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.domain.documents import Document, DocumentState
from core.jobs import Job
from core.library.document_tree import natural_sort_key
from gui.bridge import Bridge, Operation
from gui.documents.actions import LibraryActions
from gui.documents.passage_references import reference_to_document

if TYPE_CHECKING:
    from core.workspace import Workspace


class GuideOpener(QObject):
    """Looks for the guide's first page on a worker and emits `found` on the GUI thread."""

    found = Signal(object)  # ReferenceList

    def __init__(self, bridge: Bridge, workspace: Workspace, library: LibraryActions, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._library = library
        self._adding = False
        library.indexed.connect(lambda report: self._find_first_page() if self._adding else None)

    def open(self) -> None:
        """Find the guide's first page; `found` comes once it has been indexed."""
        self._adding = False
        self._find_first_page()

    def _find_first_page(self) -> None:
        workspace = self._workspace

        def work(job: Job) -> Document | None:
            folder = workspace.guide()
            pages = [
                document
                for document in workspace.library.documents()
                if document.state is DocumentState.INDEXED and folder in document.path.parents
            ]
            return min(pages, key=lambda document: natural_sort_key(document.path.name), default=None)

        self._bridge.run(Operation("store", work, self, on_result=self._found_or_add))

    def _found_or_add(self, first_page: Document | None) -> None:
        if first_page is not None:
            self._adding = False
            self.found.emit(reference_to_document(first_page))
        elif not self._adding:
            self._adding = True
            self._library.add_guide()
