"""The main window: documents on the left, chat or surveys on the right, a status bar below. It only connects them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget

from core.engines.model_availability import ModelAvailability, ModelKind
from core.i18n import ngettext, tr
from gui import menus, message_boxes
from gui.bridge import Bridge, Operation
from gui.chat_and_surveys import ChatAndSurveys
from gui.dialogs import Dialogs
from gui.documents.pane import DocumentPane
from gui.drop_overlay import DropOverlay, DroppedPaths
from gui.status_bar import StatusBar
from gui.undo_bar import UndoBar
from gui.window_context import WindowContext
from gui.workspace_session import LaunchOptions, WorkspaceSession
from models.faults import Fault

if TYPE_CHECKING:
    from core.domain.documents import Folder
    from core.workspace import Workspace
    from gui.chat.turn_controller import TurnController
    from gui.documents.actions import LibraryActions
    from gui.documents.passage_references import ReferenceList
    from gui.fault_page import FaultPage
    from gui.models.actions import ModelActions
    from gui.surveys.pane import SurveyPane
    from gui.window_services import WindowServices

SIZE = (1200, 780)
MINIMUM_SIZE = (640, 420)
DOCUMENTS_WIDTH = 380


class MainWindow(QMainWindow):
    """Shown at once and usable in part; `open_library` makes the rest usable. `closed` comes when nothing runs any
    more; `ended_cleanly` then says whether everything ended by itself."""

    closed = Signal()
    library_opened = Signal()

    def __init__(self, context: WindowContext, options: LaunchOptions) -> None:
        super().__init__()
        self._context = context
        self._session = WorkspaceSession(options)
        self._services: WindowServices | None = None
        self._paths_to_add = list(options.paths)
        self.ended_cleanly = True
        self.setWindowTitle("Papermoor")
        self.setMinimumSize(*MINIMUM_SIZE)
        self.documents = DocumentPane(context)
        self.right = ChatAndSurveys(context)
        self.chat = self.right.chat
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.documents)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.setSizes([DOCUMENTS_WIDTH, SIZE[0] - DOCUMENTS_WIDTH])
        self.pages = QStackedWidget()
        self.pages.addWidget(self.splitter)
        self.setCentralWidget(self.pages)
        self.drop_overlay = DropOverlay(context.theme, self)
        self.undo = UndoBar(context.theme, self.pages)
        self.dialogs = Dialogs(context, self, options.data_dir)
        self.actions_by_name = menus.add_menus(self, self._menu_actions())
        self._connect()
        self._restore_state()
        self.chat.composer.field.setFocus()

    @property
    def bridge(self) -> Bridge:
        return self._context.bridge

    @property
    def workspace(self) -> Workspace | None:
        """None until the library is open. Its methods belong on workers."""
        return self._services.workspace if self._services else None

    @property
    def library(self) -> LibraryActions | None:
        return self._services.library if self._services else None

    @property
    def models(self) -> ModelActions | None:
        return self._services.models if self._services else None

    @property
    def turns(self) -> TurnController | None:
        return self._services.turns if self._services else None

    @cached_property
    def fault_page(self) -> FaultPage:
        from gui.fault_page import FaultPage

        page = FaultPage()
        page.again_wanted.connect(lambda: self.open_library())
        page.quit_wanted.connect(self.close)
        self.pages.addWidget(page)
        return page

    @property
    def surveys(self) -> SurveyPane:
        """Only once the library is open."""
        return self.right.surveys

    def open_library(self, passphrase: str | None = None) -> None:
        """Open the data directory on a worker; the window can be used in part meanwhile. One that is encrypted may need
        a `passphrase`, which is asked for."""
        self.pages.setCurrentWidget(self.splitter)
        self.status.show_opening()
        session = self._session
        self.bridge.run(
            Operation(
                "store",
                lambda job: session.open(job, passphrase),
                self,
                on_result=self._opened,
                on_progress=self.status.show_converting,
                on_fault=self._show_open_fault,
            )
        )

    def add(self, paths: Sequence[Path]) -> None:
        """Add folders and files to the library, or once it is open; a .gguf file becomes the model."""
        if self._services is None:
            self._paths_to_add.extend(paths)
            return
        dropped = DroppedPaths.from_paths(paths)
        for model in dropped.models:
            self._services.models.adopt(model)
        if dropped.documents:
            self._services.library.add(dropped.documents)

    def _opened(self, workspace: Workspace) -> None:
        from gui.window_services import WindowServices

        self._services = services = WindowServices.create(self.bridge, workspace, self)
        self._connect_services(services)
        self.documents.attach(workspace, services.library)
        self.right.attach(services)
        self.dialogs.attach(workspace, services.library, services.models)
        services.models.refresh()
        self.add(self._paths_to_add)
        services.library.start()
        self.library_opened.emit()

    def _connect_services(self, services: WindowServices) -> None:
        library, models = services.library, services.models
        self.status.follow(library)
        library.removed.connect(self._offer_to_add_again)
        library.notice.connect(lambda text: message_boxes.show_notice(text, self))
        self.bridge.bug.connect(lambda error: library.mend())
        library.embedder_question.connect(self.dialogs.ask_to_change_embedder)
        library.ocr_language_question.connect(self.dialogs.ask_ocr_languages)
        self.dialogs.settings_changed.connect(library.apply_settings)
        models.changed.connect(self.status.show_model)
        models.changed.connect(self._show_chat_model)
        models.became_usable.connect(self._model_became_usable)
        services.guide.found.connect(self.documents.open_references)

    def _show_open_fault(self, fault: Fault) -> None:
        self.fault_page.show_fault(fault)
        self.pages.setCurrentWidget(self.fault_page)
        self.status.clear_all()
        self.dialogs.ask_to_unlock(fault, self.open_library)

    def _connect(self) -> None:
        dialogs, documents, chat = self.dialogs, self.documents, self.chat
        self.bridge.fault.connect(dialogs.show_fault)
        self.bridge.bug.connect(dialogs.reporter.report)
        documents.add_wanted.connect(dialogs.add_folder)
        documents.guide_wanted.connect(lambda: self.library.add_guide() if self.library else None)
        documents.search_model_wanted.connect(dialogs.show_models)
        documents.open_outside.connect(dialogs.open_file)
        documents.reveal.connect(dialogs.reveal)
        documents.remove.connect(dialogs.confirm_removal)
        self.right.references_wanted.connect(self._open_references)
        chat.link_clicked.connect(dialogs.ask_to_open_link)
        chat.typed.connect(
            lambda: (
                self._services.coordinator.prepare_for_question(chat.conversation_id, chat.composer.effort)
                if self._services
                else None
            )
        )
        chat.conversations.conversation_deleted.connect(self._offer_to_restore)
        chat.model_card.download_wanted.connect(lambda: self.models.download(ModelKind.CHAT) if self.models else None)
        chat.model_card.pause_wanted.connect(lambda: self.models.pause(ModelKind.CHAT) if self.models else None)
        chat.model_card.file_wanted.connect(dialogs.choose_model)
        chat.model_card.found_copy_wanted.connect(lambda path: self.add([path]))
        self.status.pause_wanted.connect(lambda: self.library.pause_or_resume() if self.library else None)
        self.status.stop_wanted.connect(lambda: self.library.stop() if self.library else None)
        self.status.skipped_wanted.connect(dialogs.show_skipped)
        self.status.models_wanted.connect(dialogs.show_models)
        dialogs.paths_chosen.connect(self.add)
        self.drop_overlay.dropped.connect(self.add)

    def _menu_actions(self) -> menus.MenuActions:
        dialogs, chat = self.dialogs, self.chat
        return menus.MenuActions(
            add_folder=dialogs.add_folder,
            add_files=dialogs.add_files,
            index_again=lambda: self.library.index_again() if self.library else None,
            pause_indexing=self.status.pause_wanted.emit,
            stop_indexing=lambda: self.library.stop() if self.library else None,
            show_skipped=dialogs.show_skipped,
            search=self._focus_search,
            settings=dialogs.show_settings,
            encryption=dialogs.show_encryption,
            models=dialogs.show_models,
            quit=self.close,
            new_conversation=self._new_conversation,
            rename_conversation=chat.rename_current,
            delete_conversation=chat.conversations.delete_current,
            copy_answer=chat.copy_last_answer,
            ask_again=chat.ask_again,
            stop=self._stop_or_step_back,
            compose=self.right.show_chat,
            choose_scope=chat.footer.choose_scope,
            surveys=self.right.show_surveys,
            toggle_conversations=chat.toggle_conversations,
            toggle_documents=lambda: self.documents.setVisible(not self.documents.isVisible()),
            guide=lambda: self._services.guide.open() if self._services else None,
            about=dialogs.show_about,
        )

    def _new_conversation(self) -> None:
        self.right.show_chat()
        self.chat.new_conversation()

    def _focus_search(self) -> None:
        self.documents.show()
        self.documents.focus_search()

    def _open_references(self, references: ReferenceList) -> None:
        self.documents.show()
        if self.splitter.sizes()[0] == 0:
            self.splitter.setSizes([DOCUMENTS_WIDTH, max(MINIMUM_SIZE[0], self.width() - DOCUMENTS_WIDTH)])
        self.documents.open_references(references)

    def _stop_or_step_back(self) -> None:
        """Stop the answer; if none is being written, close what was opened last in the document pane."""
        if not self.chat.stop():
            self.documents.step_back()

    def _show_chat_model(self, availability: ModelAvailability) -> None:
        if availability.kind is ModelKind.CHAT:
            self.chat.show_availability(availability)

    def _model_became_usable(self, kind: str) -> None:
        if kind == ModelKind.EMBEDDER and self.library is not None:
            self.library.use_new_embedder()

    def _offer_to_restore(self, conversation_id: int, title: str) -> None:
        self.undo.offer(
            tr("“{title}” was deleted.", title=title),
            tr("Undo"),
            lambda: self.chat.conversations.restore(conversation_id),
        )

    def _offer_to_add_again(self, folder: Folder) -> None:
        documents = ngettext("{n} document left", "{n} documents left", folder.documents)
        self.undo.offer(
            tr("“{name}”: {documents} Papermoor.", name=folder.path.name, documents=documents),
            tr("Add it again"),
            lambda: self.add([folder.path]),
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs and close the workspace, within a few seconds."""
        self._save_state()
        self.hide()
        self.ended_cleanly = self.bridge.close({"chat": self._session.release_chat_model}, self._session.close)
        event.accept()
        self.closed.emit()

    def _restore_state(self) -> None:
        state = self._context.state
        self.resize(*SIZE)
        if (geometry := state.bytes("geometry")) is not None:
            self.restoreGeometry(geometry)
        for key, splitter in (("split", self.splitter), ("chat_split", self.chat.splitter)):
            if (sizes := state.bytes(key)) is not None:
                splitter.restoreState(sizes)

    def _save_state(self) -> None:
        state = self._context.state
        state.set("geometry", self.saveGeometry())
        state.set("split", self.splitter.saveState())
        state.set("chat_split", self.chat.splitter.saveState())
        state.save()
