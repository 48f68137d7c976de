"""The dialogs of the window: choosing folders and models, settings, About, skipped files, faults, a last question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import fault_text, fault_title, ngettext, tr
from gui import words
from gui.bridge import Operation
from gui.context import WindowContext
from gui.report import BugReporter
from models.faults import Fault

if TYPE_CHECKING:
    from PySide6.QtWidgets import QFileDialog, QMessageBox

    from core.domain.documents import Folder, Skipped
    from core.library.embedder_migration import EmbedderQuestion
    from core.library.ocr_language_change import OcrLanguageQuestion
    from core.settings import Settings, SettingValue
    from core.workspace import Workspace
    from gui.documents.actions import LibraryActions
    from gui.models.actions import ModelActions
    from gui.models.dialog import ModelsDialog


class Dialogs(QObject):
    """Each method opens a dialog and returns at once. `chosen` carries the paths a person picked. What a dialog is made
    of is imported when it is opened."""

    chosen = Signal(list)
    settings_changed = Signal(object)  # Settings

    def __init__(self, context: WindowContext, window: QWidget, data_dir: Path) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._data_dir = data_dir
        self._workspace: Workspace | None = None
        self._library: LibraryActions | None = None
        self._models: ModelActions | None = None
        self.models_dialog: ModelsDialog | None = None
        self.reporter = BugReporter(window)

    def attach(self, workspace: Workspace, library: LibraryActions, models: ModelActions) -> None:
        self._workspace, self._library, self._models = workspace, library, models

    def add_folder(self) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = self._file_dialog(tr("Add a folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.open()
        return dialog

    def add_files(self) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = self._file_dialog(tr("Add files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.open()
        return dialog

    def choose_model(self) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = self._file_dialog(tr("Use a model file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(tr("Model files (*.gguf)"))
        dialog.open()
        return dialog

    def show_models(self) -> None:
        from gui.models.dialog import ModelsDialog

        if self._models is None:
            return
        if self.models_dialog is None:
            self.models_dialog = ModelsDialog(self._context.theme, self._models, self._window)
            self.models_dialog.file_wanted.connect(self.choose_model)
        self._models.refresh()
        self.models_dialog.open()

    def show_settings(self) -> None:
        from gui.settings.dialog import SettingsDialog

        if self._workspace is None:
            return
        dialog = SettingsDialog(self._workspace.settings.current, self._window)
        dialog.changed.connect(self._change_settings)
        dialog.open()

    def show_about(self) -> None:
        from gui.settings.about import AboutDialog
        from gui.version import version

        dialog = AboutDialog(version(), self._data_dir, self._window)
        dialog.reveal.connect(self.reveal)
        dialog.open()

    def show_skipped(self) -> None:
        from gui.documents.lookups import list_skipped
        from gui.documents.skipped import SkippedDialog

        if self._workspace is None:
            return
        library = self._library

        def show(files: tuple[Skipped, ...]) -> None:
            dialog = SkippedDialog(files, self._window)
            dialog.reveal.connect(self.reveal)
            if library is not None:
                dialog.again.connect(library.try_again)
            dialog.open()

        self._context.bridge.run(list_skipped(self._workspace, self, show))

    def confirm_removal(self, folder: Folder) -> QMessageBox:
        """Ask before a folder leaves the library; the files stay where they are."""
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(QMessageBox.Icon.Question, tr("Remove from Papermoor?"), "", parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(tr("Remove “{name}” from Papermoor?", name=folder.path.name))
        box.setInformativeText(
            ngettext(
                "Its {n} document will no longer be searched. The file itself stays where it is.",
                "Its {n} documents will no longer be searched. The files themselves stay where they are.",
                folder.documents,
            )
        )
        remove = box.addButton(tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        remove.clicked.connect(lambda: self._remove(folder))
        box.open()
        return box

    def ask_embedder(self, question: EmbedderQuestion) -> QMessageBox:
        """Ask before every passage is prepared anew for another search model."""
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(QMessageBox.Icon.Question, tr("Use the new search model?"), "", parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(tr("Prepare your documents for “{name}”?", name=question.name))
        box.setInformativeText(
            ngettext(
                "{count} passage has to be prepared anew ({time}). Until then, the old model searches.",
                "{count} passages have to be prepared anew ({time}). Until then, the old model searches.",
                question.passages,
                count=words.count(question.passages),
                time=words.about(question.seconds),
            )
        )
        yes = box.addButton(tr("Prepare them"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(tr("Keep the old model"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(yes)
        box.finished.connect(lambda result: self._answer_embedder(box.clickedButton() is yes))
        box.open()
        return box

    def ask_recognition(self, question: OcrLanguageQuestion) -> QMessageBox:
        """Ask before scanned pages are read again in other languages."""
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(QMessageBox.Icon.Question, tr("Read scanned pages again?"), "", parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(tr("Read scanned pages again, in “{languages}”?", languages=question.languages))
        box.setInformativeText(
            ngettext(
                "{count} page was read in other languages. Reading it again takes {time}; until then it is searched as "
                "it is.",
                "{count} pages were read in other languages. Reading them again takes {time}; until then they are "
                "searched as they are.",
                question.again.pages,
                count=words.count(question.again.pages),
                time=words.about(question.again.seconds),
            )
        )
        yes = box.addButton(tr("Read them again"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(tr("Keep them"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(yes)
        box.finished.connect(lambda result: self._answer_recognition(question, box.clickedButton() is yes))
        box.open()
        return box

    def _answer_recognition(self, question: OcrLanguageQuestion, yes: bool) -> None:
        if self._library is not None:
            self._library.answer_recognition_question(question, yes)

    def _answer_embedder(self, yes: bool) -> None:
        if self._library is not None:
            self._library.answer_embedder_question(yes)

    def show_fault(self, fault: Fault) -> QMessageBox:
        """A fault that no part of the window shows in its own place."""
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(QMessageBox.Icon.Warning, fault_title(fault), fault_title(fault), parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(fault_text(fault))
        box.open()
        return box

    def open_file(self, path: Path) -> None:
        """Open a document in the application the system has for it."""
        from gui import outside

        outside.open_file(path)

    def reveal(self, path: Path) -> None:
        from gui import outside

        outside.reveal(path)

    def ask_to_open(self, address: QUrl) -> None:
        """A web link of an answer was clicked."""
        from gui import outside

        outside.ask_to_open(address, self._window)

    def _file_dialog(self, title: str) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.chosen.emit([Path(name) for name in names]))
        return dialog

    def _remove(self, folder: Folder) -> None:
        if self._library is not None:
            self._library.remove(folder)

    def _change_settings(self, values: dict[str, SettingValue]) -> None:
        if self._workspace is None:
            return
        settings = self._workspace.settings

        def done(now: Settings) -> None:
            self._context.theme.use(now.appearance)
            self.settings_changed.emit(now)

        self._context.bridge.run(Operation("store", lambda job: settings.change(**values), self, on_result=done))
