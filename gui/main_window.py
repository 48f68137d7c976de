"""The window: documents at the left, chat at the right, what happens now at the bottom. Connects, and does no work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget

from core.i18n import ngettext, tr
from core.jobs import Job
from gui import menus
from gui.bridge import Bridge, Operation
from gui.chat.pane import ChatPane
from gui.context import WindowContext
from gui.dialogs import Dialogs
from gui.documents.pane import DocumentPane
from gui.drop import Dropped, DropSign
from gui.models.situation import SituationKind
from gui.status import StatusBar
from gui.undo_bar import UndoBar
from models.faults import Fault

if TYPE_CHECKING:
    from core.domain.conversation import SurveySuggested
    from core.domain.documents import Folder
    from core.workspace import Workspace
    from gui.chat.turns import Turns
    from gui.documents.actions import LibraryActions
    from gui.fault_page import FaultPage
    from gui.models.actions import ModelActions
    from gui.surveys.pane import SurveyPane
    from models.conversation import Sampling

SIZE = (1200, 780)
SMALLEST = (640, 420)
DOCUMENTS_WIDTH = 380


@dataclass(frozen=True, slots=True)
class WindowOpening:
    """What the workspace is opened with. `paths` are added once it is open."""

    data_dir: Path
    model: Path | None = None
    embedder: Path | None = None
    sampling: Sampling | None = None
    paths: tuple[Path, ...] = ()


class MainWindow(QMainWindow):
    """`opened` comes once the library can be used."""

    opened = Signal()
    closed = Signal()

    def __init__(self, context: WindowContext, opening: WindowOpening) -> None:
        super().__init__()
        self._context = context
        self._opening = opening
        self._held: list[Workspace] = []
        self._waiting: list[Path] = list(opening.paths)
        self.ended_cleanly = True
        self.library: LibraryActions | None = None
        self.models: ModelActions | None = None
        self.turns: Turns | None = None
        self.setWindowTitle("Papermoor")
        self.setMinimumSize(*SMALLEST)
        self.documents = DocumentPane(context)
        self.chat = ChatPane(context)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.documents)
        self.right = QStackedWidget()
        self.right.addWidget(self.chat)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.setSizes([DOCUMENTS_WIDTH, SIZE[0] - DOCUMENTS_WIDTH])
        self.pages = QStackedWidget()
        self.pages.addWidget(self.splitter)
        self.setCentralWidget(self.pages)
        self.drop_sign = DropSign(context.theme, self)
        self.undo = UndoBar(context.theme, self.pages)
        self.dialogs = Dialogs(context, self, opening.data_dir)
        self.actions_by_name = menus.fill(self, self._choices())
        self._connect()
        self._restore_state()
        self.chat.composer.field.setFocus()

    @property
    def bridge(self) -> Bridge:
        return self._context.bridge

    @property
    def workspace(self) -> Workspace | None:
        """The opened workspace. Its methods belong on workers."""
        return self._held[-1] if self._held and self.library is not None else None

    @cached_property
    def fault_page(self) -> FaultPage:
        from gui.fault_page import FaultPage

        made = FaultPage()
        made.again_wanted.connect(self.open_library)
        made.quit_wanted.connect(self.close)
        self.pages.addWidget(made)
        return made

    @cached_property
    def surveys(self) -> SurveyPane:
        """Only once the library is open."""
        from gui.surveys.actions import SurveyActions
        from gui.surveys.pane import SurveyPane

        workspace, turns, models = self.workspace, self.turns, self.models
        assert workspace is not None and turns is not None and models is not None
        actions = SurveyActions(self._context.bridge, workspace, turns, self)
        self.readiness.follow_survey(actions)
        actions.run_changed.connect(self.chat.conversations.show_survey)
        made = SurveyPane(self._context, actions)
        made.places_wanted.connect(self._open_places)
        made.left.connect(self.show_chat)
        self.right.addWidget(made)
        return made

    def show_chat(self) -> None:
        self.right.setCurrentWidget(self.chat)
        self.chat.composer.field.setFocus()

    def show_surveys(self) -> None:
        if self.library is not None:
            self.surveys.show_list()
            self.right.setCurrentWidget(self.surveys)

    def begin_survey(self, suggested: SurveySuggested) -> None:
        """A survey was offered under an answer, and is wanted."""
        from core.domain.conversation import Scope

        scope = Scope(suggested.paths) if suggested.paths else self.chat.foot.scope
        self.surveys.begin(suggested.question, scope, suggested.kind)
        self.right.setCurrentWidget(self.surveys)

    def open_library(self) -> None:
        """Open the data directory, off the GUI thread; the window can be seen and moved meanwhile."""
        self.pages.setCurrentWidget(self.splitter)
        self.status.show_opening()
        opening, held = self._opening, self._held

        def work(job: Job) -> Workspace:
            from core.workspace import Workspace

            held.append(
                Workspace.open(
                    opening.data_dir, model=opening.model, embedder=opening.embedder, sampling=opening.sampling
                )
            )
            return held[-1]

        self._context.bridge.run(Operation("store", work, self, on_result=self._opened, on_fault=self._not_opened))

    def add(self, paths: Sequence[Path]) -> None:
        """Add folders and files; a .gguf file becomes the model."""
        dropped = Dropped.of_paths(paths)
        if self.library is None or self.models is None:
            self._waiting.extend(paths)
            return
        for model in dropped.models:
            self.models.adopt(model)
        if dropped.documents:
            self.library.add(dropped.documents)

    def _opened(self, workspace: Workspace) -> None:
        from gui.chat.turns import Turns
        from gui.documents.actions import LibraryActions
        from gui.guide import GuideOpener
        from gui.models.actions import ModelActions
        from gui.models.readiness import Readiness

        bridge = self._context.bridge
        self.library = library = LibraryActions(bridge, workspace, self)
        self.models = models = ModelActions(bridge, workspace, self)
        self.turns = turns = Turns(bridge, workspace, self)
        self.status.follow(library)
        library.removed.connect(self._removed)
        library.embedder_question.connect(self.dialogs.ask_embedder)
        library.recognition_question.connect(self.dialogs.ask_recognition)
        self.dialogs.settings_changed.connect(library.follow_settings)
        models.changed.connect(self.status.show_model)
        models.changed.connect(
            lambda situation: self._show_chat_model() if situation.kind is SituationKind.CHAT else None
        )
        models.arrived.connect(self._model_arrived)
        self.readiness = Readiness(models, turns, self)
        self.guide = GuideOpener(bridge, workspace, library, self)
        self.guide.found.connect(self.documents.open_places)
        self.documents.attach(workspace, library)
        self.chat.attach(workspace, turns)
        self.dialogs.attach(workspace, library, models)
        models.refresh()
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.add(waiting)
        library.begin()
        self.opened.emit()

    def _not_opened(self, fault: Fault) -> None:
        self.fault_page.show_fault(fault)
        self.pages.setCurrentWidget(self.fault_page)
        self.status.clear_all()

    def _connect(self) -> None:
        dialogs, documents, chat = self.dialogs, self.documents, self.chat
        self._context.bridge.fault.connect(dialogs.show_fault)
        self._context.bridge.bug.connect(dialogs.reporter.hear)
        documents.add_wanted.connect(dialogs.add_folder)
        documents.guide_wanted.connect(lambda: self.library.add_guide() if self.library else None)
        documents.meaning_wanted.connect(dialogs.show_models)
        documents.open_outside.connect(dialogs.open_file)
        documents.reveal.connect(dialogs.reveal)
        documents.remove.connect(dialogs.confirm_removal)
        chat.places_wanted.connect(self._open_places)
        chat.linked.connect(dialogs.ask_to_open)
        chat.survey_wanted.connect(self.begin_survey)
        chat.conversations.surveys_wanted.connect(self.show_surveys)
        chat.typing.connect(
            lambda: self.readiness.prepare(chat.current, chat.composer.effort) if self.library else None
        )
        chat.conversations.deleted.connect(self._conversation_deleted)
        chat.model_card.download_wanted.connect(
            lambda: self.models.download(SituationKind.CHAT) if self.models else None
        )
        chat.model_card.pause_wanted.connect(lambda: self.models.pause(SituationKind.CHAT) if self.models else None)
        chat.model_card.file_wanted.connect(dialogs.choose_model)
        chat.model_card.found_wanted.connect(lambda path: self.add([path]))
        self.status.pause_wanted.connect(lambda: self.library.pause_or_resume() if self.library else None)
        self.status.stop_wanted.connect(lambda: self.library.stop() if self.library else None)
        self.status.skipped_wanted.connect(dialogs.show_skipped)
        self.status.models_wanted.connect(dialogs.show_models)
        dialogs.chosen.connect(self.add)
        self.drop_sign.dropped.connect(self.add)

    def _choices(self) -> menus.Choices:
        dialogs, chat = self.dialogs, self.chat
        return menus.Choices(
            add_folder=dialogs.add_folder,
            add_files=dialogs.add_files,
            index_again=lambda: self.library.index_again() if self.library else None,
            pause_indexing=self.status.pause_wanted.emit,
            stop_indexing=lambda: self.library.stop() if self.library else None,
            show_skipped=dialogs.show_skipped,
            search=self._focus_search,
            settings=dialogs.show_settings,
            models=dialogs.show_models,
            quit=self.close,
            new_conversation=self._new_conversation,
            rename_conversation=chat.rename_current,
            delete_conversation=chat.conversations.delete_current,
            copy_answer=chat.copy_last_answer,
            ask_again=chat.ask_again,
            stop=self._escape,
            compose=self.show_chat,
            choose_scope=chat.foot.choose_scope,
            surveys=self.show_surveys,
            toggle_conversations=chat.toggle_conversations,
            toggle_documents=lambda: self.documents.setVisible(not self.documents.isVisible()),
            guide=lambda: self.guide.open() if self.library else None,
            about=dialogs.show_about,
        )

    def _new_conversation(self) -> None:
        self.show_chat()
        self.chat.new_conversation()

    def _focus_search(self) -> None:
        self.documents.show()
        self.documents.focus_search()

    def _open_places(self, places: object) -> None:
        self.documents.show()
        if self.splitter.sizes()[0] == 0:
            self.splitter.setSizes([DOCUMENTS_WIDTH, max(SMALLEST[0], self.width() - DOCUMENTS_WIDTH)])
        self.documents.open_places(places)  # type: ignore[arg-type]  # a signal's argument

    def _escape(self) -> None:
        """Esc stops the answer; with none to stop, it closes what was opened last."""
        if not self.chat.stop():
            self.documents.step_back()

    def _show_chat_model(self) -> None:
        if self.models is not None:
            self.chat.show_model(self.models.situation(SituationKind.CHAT))

    def _model_arrived(self, kind: str) -> None:
        if kind == SituationKind.EMBEDDER and self.library is not None:
            self.library.embedder_arrived()

    def _conversation_deleted(self, conversation_id: int, title: str) -> None:
        self.undo.offer(
            tr("“{title}” was deleted.", title=title),
            tr("Undo"),
            lambda: self.chat.conversations.restore(conversation_id),
        )

    def _removed(self, folder: Folder) -> None:
        documents = ngettext("{n} document left", "{n} documents left", folder.documents)
        self.undo.offer(
            tr("“{name}”: {documents} Papermoor.", name=folder.path.name, documents=documents),
            tr("Add it again"),
            lambda: self.add([folder.path]),
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs, let go of the library, and leave within a few seconds."""
        self._save_state()
        self.hide()
        held = self._held

        def release_model() -> None:
            for workspace in held:
                workspace.engines.release_chat_model()

        def let_go() -> None:
            while held:
                held.pop().close()

        self.ended_cleanly = self._context.bridge.close({"chat": release_model}, let_go)
        event.accept()
        self.closed.emit()

    def _restore_state(self) -> None:
        state = self._context.state
        self.resize(*SIZE)
        if (geometry := state.bytes("geometry")) is not None:
            self.restoreGeometry(geometry)
        if (split := state.bytes("split")) is not None:
            self.splitter.restoreState(split)
        if (split := state.bytes("chat_split")) is not None:
            self.chat.splitter.restoreState(split)

    def _save_state(self) -> None:
        state = self._context.state
        state.set("geometry", self.saveGeometry())
        state.set("split", self.splitter.saveState())
        state.set("chat_split", self.chat.splitter.saveState())
        state.save()
