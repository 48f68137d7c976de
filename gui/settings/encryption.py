"""The dialog about encryption: whether the library is encrypted, and turning it on or off at the next start."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from core.encryption.control import EncryptionState
from core.i18n import tr
from gui.settings.passphrases import LibraryPassphraseDialog
from gui.style.elements import column, label, push_button
from gui.style.sheet import SPACE


class EncryptionDialog(QDialog):
    """Shows one state and emits what is wanted instead; closes with each choice."""

    keychain_wanted = Signal()  # turn on, under a key in the keychain
    passphrase_wanted = Signal(str)  # turn on, under this passphrase
    new_passphrase = Signal(str)  # add or change it
    off_wanted = Signal()
    unchanged_wanted = Signal()  # take back what was put off to the next start

    def __init__(self, state: EncryptionState, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Encryption"))
        self.state = label(_state_text(state), "title", wrap=True)
        explanation = label(_explanation(state), wrap=True)
        layout = column(self, 3 * SPACE, 2 * SPACE)
        layout.addWidget(self.state)
        layout.addWidget(explanation)
        self.keychain = push_button(tr("Encrypt with the keychain"), lambda: self._choose(self.keychain_wanted))
        self.passphrase = push_button(tr("Encrypt with a passphrase…"), self._ask_for_first)
        self.change = push_button(
            tr("Change the passphrase…") if state.by_passphrase else tr("Add a passphrase…"), self._ask_for_new
        )
        self.off = push_button(tr("Turn encryption off"), lambda: self._choose(self.off_wanted))
        self.unchanged = push_button(tr("Leave it as it is"), lambda: self._choose(self.unchanged_wanted))
        for button, is_offered in (
            (self.keychain, not state.encrypted and not state.changes_at_next_start),
            (self.passphrase, not state.encrypted and not state.changes_at_next_start),
            (self.change, state.encrypted),
            (self.off, state.encrypted and not state.changes_at_next_start),
            (self.unchanged, state.changes_at_next_start),
        ):
            button.setVisible(is_offered)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(60 * SPACE)

    def _choose(self, signal: object) -> None:
        signal.emit()  # type: ignore[attr-defined]  # a bound signal, which PySide6 gives no type of its own
        self.accept()

    def _ask_for_first(self) -> None:
        self._ask(self.passphrase_wanted)

    def _ask_for_new(self) -> None:
        self._ask(self.new_passphrase)

    def _ask(self, signal: object) -> None:
        dialog = LibraryPassphraseDialog(self, new=True)
        dialog.entered.connect(signal.emit)  # type: ignore[attr-defined]  # likewise
        dialog.entered.connect(self.accept)
        dialog.open()


def _state_text(state: EncryptionState) -> str:
    if state.changes_at_next_start:
        if state.encrypted:
            return tr("Encryption is turned off when Papermoor is started again.")
        return tr("The library is encrypted when Papermoor is started again.")
    return tr("The library is encrypted.") if state.encrypted else tr("The library is not encrypted.")


def _explanation(state: EncryptionState) -> str:
    if state.encrypted:
        openers = {
            (True, True): tr("The keychain of this account opens it, and so does its passphrase."),
            (True, False): tr("The keychain of this account opens it. A passphrase beside it opens it elsewhere, too."),
        }
        return openers.get((state.by_keychain, state.by_passphrase), tr("Its passphrase opens it."))
    return tr(
        "Encryption protects the text, vectors, conversations and logs in the data folder if this computer is lost. "
        "Your documents themselves, the settings and the models are not encrypted by it. With the keychain nothing "
        "has to be typed; with a passphrase Papermoor asks for it at each start."
    )
