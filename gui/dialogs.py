"""The dialogs of the window: choosing folders and models, settings, About, skipped files, faults, confirmations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.bridge import Operation
from gui.bug_report import BugReporter
from gui.window_context import WindowContext
from models.faults import Fault

if TYPE_CHECKING:
    from PySide6.QtWidgets import QFileDialog

    from core.domain.documents import Folder, Skipped
    from core.encryption.control import EncryptionState
    from core.library.embedder_migration import EmbedderQuestion
    from core.library.ocr_language_change import OcrLanguageQuestion
    from core.settings import Settings, SettingValue
    from core.workspace import Workspace
    from gui.documents.actions import LibraryActions
    from gui.models.actions import ModelActions
    from gui.models.dialog import ModelsDialog
    from gui.settings.encryption import EncryptionDialog
    from gui.settings.passphrases import LibraryPassphraseDialog


class Dialogs(QObject):
    """Each method opens a dialog and returns at once. What a dialog is built of is imported when it is opened, so that
    the window opens sooner."""

    paths_chosen = Signal(list)  # of Path
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
        self.encryption_dialog: EncryptionDialog | None = None
        self.unlock_dialog: LibraryPassphraseDialog | None = None
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
        dialog.changed.connect(self.change_settings)
        dialog.open()

    def show_encryption(self) -> None:
        from gui.settings.encryption import EncryptionDialog

        if self._workspace is None:
            return
        encryption = self._workspace.encryption

        def change(action: Callable[[], EncryptionState]) -> None:
            self._context.bridge.run(Operation("store", lambda job: action(), self, on_result=show))

        def show(state: EncryptionState) -> None:
            dialog = EncryptionDialog(state, self._window)
            dialog.keychain_wanted.connect(lambda: change(lambda: encryption.turn_on_later(None)))
            dialog.passphrase_wanted.connect(lambda words: change(lambda: encryption.turn_on_later(words)))
            dialog.new_passphrase.connect(lambda words: change(lambda: encryption.set_passphrase(words)))
            dialog.off_wanted.connect(lambda: change(encryption.turn_off_later))
            dialog.unchanged_wanted.connect(lambda: change(encryption.leave_as_it_is))
            dialog.open()
            self.encryption_dialog = dialog

        change(encryption.state)

    def ask_about_encryption(self) -> None:
        """Ask once whether the library is to be encrypted, if nothing is known to encrypt the disk."""
        from gui import message_boxes

        if self._workspace is None or self._workspace.settings.current.encryption_asked:
            return
        workspace = self._workspace

        def ask(worth_it: bool) -> None:
            if worth_it:
                self.change_settings({"encryption_asked": True})
                message_boxes.ask_about_encryption(self._window, self.show_encryption)

        work = Operation("store", lambda job: workspace.encryption.is_worth_asking_about(), self, on_result=ask)
        self._context.bridge.run(work)

    def ask_to_unlock(self, fault: Fault, unlock: Callable[[str], object]) -> None:
        """If `fault` says that the library is locked, ask for its passphrase."""
        from core.encryption.unlocking import LockedFault
        from gui.settings.passphrases import LibraryPassphraseDialog

        if isinstance(fault, LockedFault):
            self.unlock_dialog = LibraryPassphraseDialog(self._window, wrong=fault.wrong)
            self.unlock_dialog.entered.connect(unlock)
            self.unlock_dialog.open()

    def change_settings(self, values: dict[str, SettingValue]) -> None:
        """Store changed settings, by name, and apply them."""
        if self._workspace is None:
            return
        settings = self._workspace.settings

        def done(changed: Settings) -> None:
            self._context.theme.use(changed.appearance)
            self.settings_changed.emit(changed)

        self._context.bridge.run(Operation("store", lambda job: settings.change(**values), self, on_result=done))

    def show_about(self) -> None:
        from gui.settings.about import AboutDialog
        from gui.version import version

        dialog = AboutDialog(version(), self._data_dir, self._window)
        dialog.reveal.connect(self.reveal)
        dialog.open()

    def show_skipped(self) -> None:
        from gui.documents.operations import list_skipped
        from gui.documents.skipped import SkippedDialog

        if self._workspace is None:
            return
        library = self._library

        def show(files: tuple[Skipped, ...]) -> None:
            dialog = SkippedDialog(files, self._window)
            dialog.reveal.connect(self.reveal)
            if library is not None:
                dialog.retry_wanted.connect(library.retry_skipped)
            dialog.open()

        self._context.bridge.run(list_skipped(self._workspace, self, show))

    def confirm_removal(self, folder: Folder) -> None:
        from gui import message_boxes

        if (library := self._library) is not None:
            message_boxes.confirm_removal(folder, self._window, lambda: library.remove(folder))

    def ask_to_change_embedder(self, question: EmbedderQuestion) -> None:
        from gui import message_boxes

        if self._library is not None:
            message_boxes.ask_to_change_embedder(question, self._window, self._library.answer_embedder_question)

    def ask_ocr_languages(self, question: OcrLanguageQuestion) -> None:
        from gui import message_boxes

        if (library := self._library) is not None:
            message_boxes.ask_ocr_languages(
                question, self._window, lambda yes: library.answer_ocr_language_question(question, yes)
            )

    def show_fault(self, fault: Fault) -> None:
        """Show a fault that no part of the window shows in its own place."""
        from gui import message_boxes

        message_boxes.show_fault(fault, self._window)

    def open_file(self, path: Path) -> None:
        from gui import desktop

        desktop.open_file(path)

    def reveal(self, path: Path) -> None:
        from gui import desktop

        desktop.reveal(path)

    def ask_to_open_link(self, address: QUrl) -> None:
        from gui import desktop

        desktop.ask_to_open_link(address, self._window)

    def _file_dialog(self, title: str) -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.paths_chosen.emit([Path(name) for name in names]))
        return dialog
