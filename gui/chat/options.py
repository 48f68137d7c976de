"""The button in the composer for how much is read and which form the answer takes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from core.domain.conversation import AnswerFormat, FormatKind, LatencyBudget
from core.i18n import tr
from gui.style.theme import Theme

ICON_PX = 16


class OptionsButton(QToolButton):
    """Says in words what differs from the usual. `form_wanted` asks for the details of a table or of JSON."""

    changed = Signal()
    form_wanted = Signal(object)  # FormatKind

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._patience = LatencyBudget.BALANCED
        self._format = AnswerFormat()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("kind", "segment")
        theme.tint(self, "settings", "muted", size_px=ICON_PX)
        self._menu = QMenu(self)
        self.patiences = self._group(tr("How much is read"), _patience_words())
        self.forms = self._group(tr("Form of the answer"), _form_words())
        for action in self.patiences.values():
            action.triggered.connect(
                lambda checked=False, action=action: self.set_patience(LatencyBudget(action.data()))
            )
        for kind, action in self.forms.items():
            action.triggered.connect(lambda checked=False, kind=kind: self._choose_form(FormatKind(kind)))
        self.setMenu(self._menu)
        self._show()

    @property
    def patience(self) -> LatencyBudget:
        return self._patience

    @property
    def answer_format(self) -> AnswerFormat:
        return self._format

    def set_patience(self, patience: LatencyBudget) -> None:
        self._patience = patience
        self._show()
        self.changed.emit()

    def set_format(self, answer_format: AnswerFormat) -> None:
        self._format = answer_format
        self._show()
        self.changed.emit()

    def show_words(self, shown: bool) -> None:
        """In a narrow composer the icon stands alone; its tip and its name say the rest."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if shown else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)

    def _choose_form(self, kind: FormatKind) -> None:
        if kind is FormatKind.TEXT:
            self.set_format(AnswerFormat())
        else:
            self._show()  # the old choice stays until the details are there
            self.form_wanted.emit(kind)

    def _group(self, title: str, words: dict[str, str]) -> dict[str, QAction]:
        if not self._menu.isEmpty():
            self._menu.addSeparator()
        heading = self._menu.addAction(title)
        heading.setEnabled(False)
        group = QActionGroup(self)
        made: dict[str, QAction] = {}
        for value, said in words.items():
            action = self._menu.addAction(said)
            action.setCheckable(True)
            action.setData(value)
            group.addAction(action)
            made[value] = action
        return made

    def _show(self) -> None:
        self.patiences[self._patience.value].setChecked(True)
        self.forms[self._format.kind.value].setChecked(True)
        usual = [] if self._patience is LatencyBudget.BALANCED else [_short(self._patience)]
        form = {FormatKind.TABLE: tr("Table"), FormatKind.JSON: "JSON"}.get(self._format.kind)
        words = " · ".join([*usual, *([form] if form else [])])
        self.setText(f" {words}" if words else "")
        said = _patience_words()[self._patience.value]
        tip = tr("How much is read: {patience}", patience=said)
        if form:
            tip = "\n".join((tip, tr("Form of the answer: {form}", form=form)))
        self.setToolTip(tip)
        self.setAccessibleName(tr("Options of the answer"))
        self.setAccessibleDescription(tip)


def _short(patience: LatencyBudget) -> str:
    return tr("Fast") if patience is LatencyBudget.FAST else tr("Thorough")


def _patience_words() -> dict[str, str]:
    return {
        LatencyBudget.FAST.value: tr("Fast: the answer begins soonest"),
        LatencyBudget.BALANCED.value: tr("Balanced"),
        LatencyBudget.THOROUGH.value: tr("Thorough: reads most"),
    }


def _form_words() -> dict[str, str]:
    return {
        FormatKind.TEXT.value: tr("Text with sources"),
        FormatKind.TABLE.value: tr("Table…"),
        FormatKind.JSON.value: tr("JSON with a schema…"),
    }
