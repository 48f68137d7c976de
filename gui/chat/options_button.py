"""The button in the composer for the latency budget and the format of the answer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from core.domain.conversation import AnswerFormat, FormatKind, LatencyBudget
from core.i18n import tr
from gui.style.theme import Theme

ICON_PX = 16


class OptionsButton(QToolButton):
    """Opens a menu, and shows as text what differs from the defaults."""

    changed = Signal()
    format_wanted = Signal(object)  # FormatKind of a table or of JSON, whose details must be asked for

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._latency_budget = LatencyBudget.BALANCED
        self._answer_format = AnswerFormat()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("kind", "segment")
        theme.tint(self, "settings", "muted", size_px=ICON_PX)
        self._menu = QMenu(self)
        self.latency_budget_actions = self._add_group(tr("How much is read"), _latency_budget_labels())
        self.format_actions = self._add_group(tr("Form of the answer"), _format_labels())
        for action in self.latency_budget_actions.values():
            action.triggered.connect(
                lambda checked=False, action=action: self.set_latency_budget(LatencyBudget(action.data()))
            )
        for kind, action in self.format_actions.items():
            action.triggered.connect(lambda checked=False, kind=kind: self._choose_format(FormatKind(kind)))
        self.setMenu(self._menu)
        self._update_texts()

    @property
    def latency_budget(self) -> LatencyBudget:
        return self._latency_budget

    @property
    def answer_format(self) -> AnswerFormat:
        return self._answer_format

    def set_latency_budget(self, latency_budget: LatencyBudget) -> None:
        self._latency_budget = latency_budget
        self._update_texts()
        self.changed.emit()

    def set_answer_format(self, answer_format: AnswerFormat) -> None:
        self._answer_format = answer_format
        self._update_texts()
        self.changed.emit()

    def show_text(self, shown: bool) -> None:
        """Show the text, or in a narrow composer the icon alone; the tooltip says the rest."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if shown else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)

    def _choose_format(self, kind: FormatKind) -> None:
        if kind is FormatKind.TEXT:
            self.set_answer_format(AnswerFormat())
        else:
            self._update_texts()  # the old choice stays until the details are given
            self.format_wanted.emit(kind)

    def _add_group(self, title: str, labels: dict[str, str]) -> dict[str, QAction]:
        """Add a heading and an exclusive group of actions to the menu; `labels` are by value, as are the actions."""
        if not self._menu.isEmpty():
            self._menu.addSeparator()
        heading = self._menu.addAction(title)
        heading.setEnabled(False)
        group = QActionGroup(self)
        actions: dict[str, QAction] = {}
        for value, text in labels.items():
            action = self._menu.addAction(text)
            action.setCheckable(True)
            action.setData(value)
            group.addAction(action)
            actions[value] = action
        return actions

    def _update_texts(self) -> None:
        self.latency_budget_actions[self._latency_budget.value].setChecked(True)
        self.format_actions[self._answer_format.kind.value].setChecked(True)
        budget = _short_label(self._latency_budget)
        answer_format = {FormatKind.TABLE: tr("Table"), FormatKind.JSON: "JSON"}.get(self._answer_format.kind, "")
        text = " · ".join(filter(None, (budget, answer_format)))
        self.setText(f" {text}" if text else "")
        label = _latency_budget_labels()[self._latency_budget.value]
        tooltip = tr("How much is read: {patience}", patience=label)
        if answer_format:
            tooltip = "\n".join((tooltip, tr("Form of the answer: {form}", form=answer_format)))
        self.setToolTip(tooltip)
        self.setAccessibleName(tr("Options of the answer"))
        self.setAccessibleDescription(tooltip)


def _short_label(latency_budget: LatencyBudget) -> str:
    """The label on the button; empty for the default."""
    return {LatencyBudget.FAST: tr("Fast"), LatencyBudget.THOROUGH: tr("Thorough")}.get(latency_budget, "")


def _latency_budget_labels() -> dict[str, str]:
    return {
        LatencyBudget.FAST.value: tr("Fast: the answer begins soonest"),
        LatencyBudget.BALANCED.value: tr("Balanced"),
        LatencyBudget.THOROUGH.value: tr("Thorough: reads most"),
    }


def _format_labels() -> dict[str, str]:
    return {
        FormatKind.TEXT.value: tr("Text with sources"),
        FormatKind.TABLE.value: tr("Table…"),
        FormatKind.JSON.value: tr("JSON with a schema…"),
    }
