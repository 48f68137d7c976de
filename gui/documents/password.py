"""Asks for the password of an encrypted document."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QWidget

from core.domain.documents import Document
from core.i18n import tr
from gui.style.elements import column, label
from gui.style.sheet import SPACE


class PasswordDialog(QDialog):
    """Emits the password when it is `entered`."""

    entered = Signal(str)

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Password"))
        layout = column(self, 3 * SPACE, SPACE)
        if document.problem == "wrong_password":
            request = tr("That password does not open “{name}”. Enter another one.", name=document.path.name)
        else:
            request = tr("Enter the password of “{name}”.", name=document.path.name)
        layout.addWidget(label(request, wrap=True))
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(tr("Password"))
        layout.addWidget(self.password)
        explanation = tr(
            "The password is kept until Papermoor is closed and is not written to the disk. The text of the document "
            "is stored in the library as that of other documents is: encrypted only if the library is."
        )
        layout.addWidget(label(explanation, "small", wrap=True))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setEnabled(False)
        self.password.textChanged.connect(lambda text: self._ok.setEnabled(bool(text)))
        buttons.accepted.connect(self._enter)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(52 * SPACE)

    def _enter(self) -> None:
        self.entered.emit(self.password.text())
        self.accept()
