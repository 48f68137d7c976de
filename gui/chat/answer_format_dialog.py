"""The dialog for the details of a structured answer: the columns of a table, or a JSON schema."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from core.chat.answer_format_input import format_problem, json_format, table_format
from core.domain.conversation import AnswerFormat, FormatKind
from core.i18n import tr
from gui.style.elements import column, label
from gui.style.sheet import SPACE

EXAMPLE_SCHEMA = """{
  "type": "object",
  "properties": {
    "amount": {"type": "number"},
    "currency": {"type": "string"}
  },
  "required": ["amount", "currency"]
}"""
WIDTH_PX = 480
SCHEMA_HEIGHT_PX = 220


class AnswerFormatDialog(QDialog):
    """Emits `chosen` once what was typed is a usable format; until then it says what is wrong."""

    chosen = Signal(object)  # AnswerFormat

    def __init__(self, kind: FormatKind, current: AnswerFormat, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._kind = kind
        self.setMinimumWidth(WIDTH_PX)
        self.columns = QLineEdit(", ".join(current.columns))
        self.schema = QPlainTextEdit(current.schema or EXAMPLE_SCHEMA)
        self.fault = label("", "danger", wrap=True)
        layout = column(self, 3 * SPACE, SPACE)
        if kind is FormatKind.TABLE:
            self._add_columns_field(layout.addWidget)
        else:
            self._add_schema_field(layout.addWidget)
        layout.addWidget(self.fault)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.accept_button: QPushButton = buttons.button(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._input_changed()

    def _add_columns_field(self, add: Callable[[QWidget], object]) -> None:
        self.setWindowTitle(tr("Answer as a table"))
        self.schema.hide()
        add(label(tr("Names of the columns, with commas between them:")))
        self.columns.setPlaceholderText(tr("For example: Contract, Rent, Notice period"))
        self.columns.setAccessibleName(tr("Columns"))
        self.columns.textChanged.connect(self._input_changed)
        add(self.columns)
        add(label(tr("Each row of the table names its source."), "small", wrap=True))
        self.columns.setFocus()

    def _add_schema_field(self, add: Callable[[QWidget], object]) -> None:
        self.setWindowTitle(tr("Answer as JSON"))
        self.columns.hide()
        add(label(tr("The answer follows this JSON schema:")))
        self.schema.setAccessibleName(tr("JSON schema"))
        self.schema.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.schema.setTabChangesFocus(True)
        self.schema.setProperty("framed", True)
        self.schema.setMinimumHeight(SCHEMA_HEIGHT_PX)
        self.schema.textChanged.connect(self._input_changed)
        add(self.schema)
        self.schema.setFocus()

    def _typed_format(self) -> AnswerFormat:
        if self._kind is FormatKind.TABLE:
            return table_format(self.columns.text())
        return json_format(self.schema.toPlainText())

    def _input_changed(self) -> None:
        typed = self._typed_format()
        self.accept_button.setEnabled(bool(typed.columns or typed.schema))
        self._show_fault("")

    def _show_fault(self, text: str) -> None:
        self.fault.setText(text)
        self.fault.setVisible(bool(text))

    def _accept(self) -> None:
        typed = self._typed_format()
        if problem := format_problem(typed):
            return self._show_fault(problem)
        self.chosen.emit(typed)
        self.accept()
