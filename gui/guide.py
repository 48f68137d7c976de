"""Opens Papermoor's own user guide in the document pane, adding it to the library first if it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.domain.documents import Document, DocumentState
from core.jobs import Job
from gui.bridge import Bridge, Operation
from gui.documents.actions import LibraryActions
from gui.documents.place import of_document
from gui.documents.tree import natural

if TYPE_CHECKING:
    from core.workspace import Workspace


class GuideOpener(QObject):
    found = Signal(object)  # Places

    def __init__(self, bridge: Bridge, workspace: Workspace, library: LibraryActions, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._library = library
        self._adding = False
        library.indexed.connect(lambda report: self._look() if self._adding else None)

    def open(self) -> None:
        """Open the guide's first page; `found` comes once it can be shown."""
        self._adding = False
        self._look()

    def _look(self) -> None:
        workspace = self._workspace

        def work(job: Job) -> Document | None:
            folder = workspace.guide()
            pages = [
                document
                for document in workspace.library.documents()
                if document.state is DocumentState.INDEXED and folder in document.path.parents
            ]
            return min(pages, key=lambda document: natural(document.path.name), default=None)

        self._bridge.run(Operation("store", work, self, on_result=self._show))

    def _show(self, first: Document | None) -> None:
        if first is not None:
            self._adding = False
            self.found.emit(of_document(first))
        elif not self._adding:
            self._adding = True
            self._library.add_guide()
