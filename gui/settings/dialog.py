"""The settings dialog, generated from `core.settings.DECLARATIONS`: a label, a control and a line of help for each."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.i18n import tr
from core.settings import DECLARATIONS, Declaration, Settings, SettingValue
from gui.style.elements import column, label
from gui.style.sheet import SPACE

SIZE = (600, 740)
CONTROL_WIDTH = 240
LABEL_WIDTH = 176
VISIBLE_LINES = 5


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting and the control that edits it."""

    name: str
    declaration: Declaration
    control: QWidget

    @property
    def value(self) -> SettingValue:
        control = self.control
        if isinstance(control, QComboBox):
            return str(control.currentData())
        if isinstance(control, QSpinBox):
            return control.value()
        if isinstance(control, QCheckBox):
            return control.isChecked()
        if isinstance(control, QPlainTextEdit):
            return control.toPlainText()
        assert isinstance(control, QLineEdit)
        return control.text()


class SettingsDialog(QDialog):
    """Emits what has `changed` when it is accepted."""

    changed = Signal(dict)  # new value by name, of each setting that differs from before

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Settings"))
        self._settings = settings
        self.fields: list[SettingField] = []
        inside = QWidget()
        inside.setObjectName("canvas")
        groups = column(inside, 3 * SPACE, SPACE)
        for group in dict.fromkeys(d.group for d in DECLARATIONS.values() if d.label):
            self._add_group(groups, group)
        groups.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        buttons.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        layout = column(self, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)
        self.resize(*SIZE)

    def _add_group(self, groups: QVBoxLayout, group: str) -> None:
        groups.addWidget(label(tr(group), "title"))
        form = QFormLayout()
        form.setHorizontalSpacing(3 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        for name, declaration in DECLARATIONS.items():
            if declaration.label and declaration.group == group:
                self._add_field(form, name, declaration)
        groups.addLayout(form)
        groups.addSpacing(2 * SPACE)

    def _add_field(self, form: QFormLayout, name: str, declaration: Declaration) -> None:
        control = _control(declaration, getattr(self._settings, name))
        control.setAccessibleName(tr(declaration.label))
        control.setMinimumWidth(CONTROL_WIDTH)
        self.fields.append(SettingField(name, declaration, control))
        title = label(tr(declaration.label), wrap=True)
        title.setFixedWidth(LABEL_WIDTH)
        title.setContentsMargins(0, SPACE // 2 + 2, 0, 0)
        title.setBuddy(control)
        cell = QWidget()
        lines = column(cell, 0, 2)
        lines.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
        parts = [tr(declaration.help)] if declaration.help else []
        if declaration.needs_restart:
            parts.append(tr("Takes effect when Papermoor is started again."))
        if parts:
            help_text = " ".join(parts)
            control.setAccessibleDescription(help_text)
            lines.addWidget(label(help_text, "small", wrap=True))
        form.addRow(title, cell)

    def _accept(self) -> None:
        values = {
            field.name: field.value for field in self.fields if field.value != getattr(self._settings, field.name)
        }
        if values:
            self.changed.emit(values)
        self.accept()


def _control(declaration: Declaration, value: SettingValue) -> QWidget:
    """Create the control for a setting: by its choices, or by the type of its value."""
    if declaration.choices:
        combo = QComboBox()
        for choice in declaration.choices:
            combo.addItem(tr(choice.label), choice.value)
        combo.setCurrentIndex(max(0, combo.findData(value)))
        return combo
    if isinstance(value, bool):
        box = QCheckBox()
        box.setChecked(value)
        return box
    if isinstance(value, int):
        return _spin_box(declaration, value)
    if declaration.lines:
        lines = QPlainTextEdit(str(value))
        lines.setTabChangesFocus(True)
        lines.setProperty("framed", True)
        lines.setFixedHeight(lines.fontMetrics().lineSpacing() * VISIBLE_LINES + 3 * SPACE)
        return lines
    return QLineEdit(str(value))


def _spin_box(declaration: Declaration, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(declaration.minimum, declaration.maximum or 2**31 - 1)
    spin.setGroupSeparatorShown(True)
    spin.setValue(value)
    spin.lineEdit().setTextMargins(SPACE - 2, 0, 0, 0)
    if declaration.zero:
        spin.setSpecialValueText(tr(declaration.zero))
    if declaration.unit:
        spin.setSuffix(f" {tr(declaration.unit)}")
    return spin
