"""The page that starts a survey: the question, its kind, the documents, and how long it will take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QPlainTextEdit, QScrollArea, QWidget

from core.domain.conversation import WHOLE_LIBRARY, Scope, SurveyKind
from core.i18n import fault_text, ngettext, tr
from core.survey.values import SurveyEstimate
from gui import number_formats
from gui.chat.scope_button import ScopeButton
from gui.style.elements import column, label, push_button, row
from gui.style.sheet import COLUMN_WIDTH, SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from models.faults import Fault

MIN_KIND_CHARS = 14  # visible of the chosen kind in a narrow page


class NewSurveyPage(QScrollArea):
    """Emits `survey_wanted` with what is filled in."""

    survey_wanted = Signal(str, object, object)  # question, Scope, SurveyKind or None: as the question says
    scope_wanted = Signal()
    cancelled = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.question = QPlainTextEdit()
        self.question.setAccessibleName(tr("Question of the survey"))
        self.question.setPlaceholderText(tr("For example: List every contract with a rent over 1,000 euros"))
        self.question.setProperty("framed", True)
        self.question.setTabChangesFocus(True)
        self.question.setFixedHeight(12 * SPACE)
        self.question.textChanged.connect(self._question_changed)
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("What is asked of each document"))
        self._kind_values = [kind for _, kind in _kind_choices()]
        self.kind.addItems([text for text, _ in _kind_choices()])
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(MIN_KIND_CHARS)
        self.scope = ScopeButton(theme)
        self.scope.clicked.connect(lambda checked=False: self.scope_wanted.emit())
        self.estimate = label("", "small", wrap=True)
        self.fault = label("", "danger", wrap=True)
        self.fault.hide()
        self.start_button = push_button(tr("Start the survey"), self._start, "primary")
        self.cancel_button = push_button(tr("Cancel"), self.cancelled.emit)
        self._lay_out()
        self._question_changed()

    def prepare(self, question: str = "", scope: Scope = WHOLE_LIBRARY, kind: SurveyKind | None = None) -> None:
        """Fill in what is known and clear the rest."""
        self.question.setPlainText(question)
        self.choose_kind(kind)
        self.set_scope(scope)
        self.show_fault(None)
        self.question.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def chosen_kind(self) -> SurveyKind | None:
        return self._kind_values[self.kind.currentIndex()]

    def choose_kind(self, kind: SurveyKind | None) -> None:
        self.kind.setCurrentIndex(self._kind_values.index(kind))

    def set_scope(self, scope: Scope) -> None:
        self.scope.show_scope(scope)
        self.estimate.setText("")

    def show_estimate(self, estimate: SurveyEstimate) -> None:
        if not estimate.documents:
            self.estimate.setText(tr("There is no document to read yet."))
            return
        documents = ngettext("{n} document", "{n} documents", estimate.documents)
        parts = [
            tr(
                "{documents}, {time} on this computer.",
                documents=documents,
                time=number_formats.rough_duration(estimate.expected_s),
            )
        ]
        if not estimate.measured:
            parts.append(tr("Its speed has not been measured yet, so this is a guess."))
        parts.append(tr("You can stop at any time and go on later."))
        self.estimate.setText(" ".join(parts))

    def show_fault(self, fault: Fault | None) -> None:
        self.fault.setText(fault_text(fault) if fault is not None else "")
        self.fault.setVisible(fault is not None)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(COLUMN_WIDTH)
        lines = column(content, 0, SPACE)
        lines.addWidget(label(tr("Ask every document"), "display", wrap=True))
        lines.addWidget(
            label(
                tr(
                    "An ordinary answer rests on a few passages. A survey reads each document from beginning to end, "
                    "and makes a table in which every row names its place."
                ),
                "muted",
                wrap=True,
            )
        )
        lines.addSpacing(SPACE)
        lines.addWidget(self.question)
        for title, control in ((tr("What is asked"), self.kind), (tr("Documents"), self.scope)):
            line = row()
            name = label(title)
            name.setMinimumWidth(14 * SPACE)
            line.addWidget(name)
            line.addWidget(control, 3)
            line.addStretch(2)
            lines.addLayout(line)
        lines.addWidget(self.estimate)
        lines.addWidget(self.fault)
        buttons = row()
        buttons.addWidget(self.start_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        lines.addLayout(buttons)
        lines.addStretch(1)
        canvas = QWidget()
        canvas.setObjectName("canvas")
        centred = row(canvas, 0, 0)
        centred.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        centred.addStretch(1)
        centred.addWidget(content, 1000)
        centred.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(canvas)

    def _question_changed(self) -> None:
        self.start_button.setEnabled(bool(self.question.toPlainText().strip()))

    def _start(self) -> None:
        self.show_fault(None)
        self.survey_wanted.emit(self.question.toPlainText().strip(), self.scope.scope, self.chosen_kind)


def _kind_choices() -> tuple[tuple[str, SurveyKind | None], ...]:
    return (
        (tr("As the question says"), None),
        (tr("What each document says to it"), SurveyKind.QUESTION),
        (tr("A list of entries"), SurveyKind.LIST),
        (tr("A summary of each document"), SurveyKind.SUMMARIES),
        (tr("What changed between two documents"), SurveyKind.CHANGES),
    )
