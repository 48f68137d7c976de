"""Asks for a passphrase: that of a locked library, or a new one, typed twice."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QWidget

from core.encryption.key_file import SHORTEST_PASSPHRASE, normalised
from core.i18n import tr
from gui.style.elements import column, label
from gui.style.sheet import SPACE


class LibraryPassphraseDialog(QDialog):
    """Emits the passphrase when it is `entered`. With `new` it is typed twice."""

    entered = Signal(str)

    def __init__(self, parent: QWidget, *, new: bool = False, wrong: bool = False) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Passphrase"))
        layout = column(self, 3 * SPACE, SPACE)
        layout.addWidget(label(_request(new, wrong), wrap=True))
        self.passphrase = _field(tr("Passphrase"))
        self.again = _field(tr("The same passphrase again"))
        layout.addWidget(self.passphrase)
        if new:
            layout.addWidget(label(tr("The same passphrase again"), "small"))
            layout.addWidget(self.again)
            layout.addWidget(label(tr("Nobody can restore a forgotten passphrase. Keep it safe."), "small", wrap=True))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._new = new
        for field in (self.passphrase, self.again):
            field.textChanged.connect(self._check)
        self._check()
        buttons.accepted.connect(self._enter)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(52 * SPACE)

    def _check(self) -> None:
        typed = self.passphrase.text()
        fits = (
            len(normalised(typed)) >= SHORTEST_PASSPHRASE and typed == self.again.text() if self._new else bool(typed)
        )
        self.ok.setEnabled(fits)

    def _enter(self) -> None:
        self.entered.emit(self.passphrase.text())
        self.accept()


def _request(new: bool, wrong: bool) -> str:
    if new:
        return tr("Choose a passphrase of {n} characters or more.", n=SHORTEST_PASSPHRASE)
    if wrong:
        return tr("This passphrase does not open the library. Enter another one.")
    return tr("The library is encrypted. Enter its passphrase.")


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    return field
