"""Asks for the details of a structured answer: the columns of a table, or a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from core.domain.conversation import AnswerFormat, FormatKind
from core.i18n import fault_text, tr
from gui.style.elements import column, label
from gui.style.sheet import SPACE
from models.faults import Fault

EXAMPLE = """{
  "type": "object",
  "properties": {
    "amount": {"type": "number"},
    "currency": {"type": "string"}
  },
  "required": ["amount", "currency"]
}"""
WIDTH = 480


class FormDialog(QDialog):
    """`chosen` carries the format."""

    chosen = Signal(object)  # AnswerFormat

    def __init__(self, kind: FormatKind, before: AnswerFormat, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._kind = kind
        self.setMinimumWidth(WIDTH)
        self.columns = QLineEdit(", ".join(before.columns))
        self.schema = QPlainTextEdit(before.schema or EXAMPLE)
        self.fault = label("", "danger", wrap=True)
        layout = column(self, 3 * SPACE, SPACE)
        if kind is FormatKind.TABLE:
            self._ask_columns(layout.addWidget)
        else:
            self._ask_schema(layout.addWidget)
        layout.addWidget(self.fault)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.accept_button: QPushButton = buttons.button(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._changed()

    def _ask_columns(self, add: Callable[[QWidget], object]) -> None:
        self.setWindowTitle(tr("Answer as a table"))
        self.schema.hide()
        add(label(tr("Names of the columns, with commas between them:")))
        self.columns.setPlaceholderText(tr("For example: Contract, Rent, Notice period"))
        self.columns.setAccessibleName(tr("Columns"))
        self.columns.textChanged.connect(self._changed)
        add(self.columns)
        add(label(tr("Each row of the table names its source."), "small", wrap=True))
        self.columns.setFocus()

    def _ask_schema(self, add: Callable[[QWidget], object]) -> None:
        self.setWindowTitle(tr("Answer as JSON"))
        self.columns.hide()
        add(label(tr("The answer follows this JSON schema:")))
        self.schema.setAccessibleName(tr("JSON schema"))
        self.schema.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.schema.setTabChangesFocus(True)
        self.schema.setProperty("framed", True)
        self.schema.setMinimumHeight(220)
        self.schema.textChanged.connect(self._changed)
        add(self.schema)
        self.schema.setFocus()

    def _format(self) -> AnswerFormat:
        if self._kind is FormatKind.TABLE:
            names = (name.strip() for name in self.columns.text().split(","))
            return AnswerFormat(FormatKind.TABLE, columns=tuple(dict.fromkeys(name for name in names if name)))
        return AnswerFormat(FormatKind.JSON, schema=self.schema.toPlainText().strip())

    def _changed(self) -> None:
        self.accept_button.setEnabled(bool(self._format().columns or self._format().schema))
        self._say("")

    def _say(self, words: str) -> None:
        self.fault.setText(words)
        self.fault.setVisible(bool(words))

    def _accept(self) -> None:
        from core.chat import structured

        wanted = self._format()
        if wanted.kind is FormatKind.JSON and (reason := _broken(wanted.schema)):
            return self._say(reason)
        try:
            structured.require_usable(wanted)
        except Fault as fault:
            return self._say(fault_text(fault))
        self.chosen.emit(wanted)
        self.accept()


def _broken(schema: str) -> str:
    """Where `schema` stops being JSON, which is easier to mend than the parser's own words; empty if it is JSON."""
    try:
        json.loads(schema)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        return tr("This is not JSON: look at line {line}.", line=line)
    return ""
