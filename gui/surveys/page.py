"""One survey: its question, how far it is, what was covered, the answer from everything, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QScrollArea,
    QTableView,
    QWidget,
)

from core.i18n import fault_text, fault_title, tr
from core.survey.export import coverage_statement
from core.survey.summarising import summary_sentences
from core.survey.values import RowChanged, RowState, Survey
from gui import number_formats
from gui.chat.answer_text import AnswerText
from gui.chat.fold import Fold
from gui.documents.passage_references import references_to_citations
from gui.style.elements import column, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from gui.surveys.actions import Run
from gui.surveys.table import CHECKED, DOCUMENT, FINDING, NUMBER, QUOTATION, VALUE, FindingsModel, unread_words
from models.faults import Fault

WIDTHS = {NUMBER: 44, VALUE: 90, CHECKED: 96}
DOCUMENT_SHARE = 0.24  # of the table's width
QUOTED_FROM_PX = 560  # a narrower table leaves the quotation to the document that a row opens
SUMMARY_SHARE = 0.4  # of the page's height at most; a longer answer scrolls


class SurveyPage(QWidget):
    """Shows a survey and the run that reads it; emits what the person wants done with it."""

    places_wanted = Signal(object)  # Places
    stop_wanted = Signal()
    start_wanted = Signal()
    again_wanted = Signal()
    export_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.survey: Survey | None = None
        self._run: Run | None = None
        self._written = ""
        self.question = label("", "strong", wrap=True)
        self.status = label("", "small", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress of the survey"))
        self.fault = label("", "danger", wrap=True)
        self.fault.hide()
        self.coverage = label("", wrap=True)
        self.unread = Fold(theme, tr("What was not read, and why"))
        self._reasons = label("", "small", wrap=True)
        self.unread.inside.addWidget(self._reasons)
        self.summary = AnswerText(theme)
        self.summary.setAccessibleName(tr("Answer from all documents"))
        self.summary.cited.connect(self._open_number)
        self._answer = self._make_answer()
        self.model = FindingsModel(self)
        self.table = self._make_table()
        self.stop = push_button(tr("Stop"), self.stop_wanted.emit)
        self.start = push_button(tr("Go on"), self.start_wanted.emit, "primary")
        self.again = push_button(tr("Read the rest again"), self.again_wanted.emit)
        self.export = push_button(tr("Export…"), self.export_wanted.emit)
        self.delete = push_button(tr("Delete"), self.delete_wanted.emit)
        layout = column(self, 0, SPACE)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        for widget in (self.question, self.status, self.progress, self.fault, self.coverage, self.unread, self._answer):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        self._room = QWidget()  # in the place of the table while there is nothing in it
        layout.addWidget(self._room, 1)
        layout.addLayout(self._make_buttons())

    def show_survey(self, survey: Survey) -> None:
        if self.survey is None or self.survey.id != survey.id:
            self._written = ""
            self.show_fault(None)
        self.survey = survey
        if survey.done:
            self._written = survey.summary
            self.summary.finish(survey.summary, None, summary_sentences(survey))
        self._show()

    def show_rows(self, changed: Sequence[RowChanged]) -> None:
        """Documents were read."""
        if self.survey is None:
            return
        newest = {one.row.path: one.row for one in changed}
        rows = tuple(newest.get(old.path, old) for old in self.survey.rows)
        self.survey = replace(self.survey, rows=rows)
        self._show()

    def add_summary(self, text: str) -> None:
        self._written += text
        self.summary.append(text)
        self._answer.show()
        self._fit()

    def show_run(self, run: Run | None) -> None:
        self._run = run if run is not None and self.survey is not None and run.survey_id == self.survey.id else None
        if self._run is not None:
            self.show_fault(None)
        self._show_progress(another=run is not None and self._run is None)

    def show_fault(self, fault: Fault | None) -> None:
        self.fault.setText(f"{fault_title(fault)}. {fault_text(fault)}" if fault is not None else "")
        self.fault.setVisible(fault is not None)

    def _show(self) -> None:
        survey = self.survey
        if survey is None:
            return
        self.question.setText(survey.question)
        started = any(one.state is not RowState.WAITING for one in survey.rows)
        self.coverage.setText(coverage_statement(survey))
        self.coverage.setVisible(started)
        reasons = unread_words(survey.rows)
        self._reasons.setText("\n".join(reasons))
        self.unread.setVisible(bool(reasons))
        self._answer.setVisible(bool(self._written))
        self.model.show_survey(survey)
        self.table.setColumnHidden(VALUE, not self.model.has_values)
        self.table.setVisible(bool(self.model.found))
        self._room.setVisible(not self.model.found)
        self._show_progress()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Room for the answer, and columns for the width there is."""
        self.summary.document().setTextWidth(self._answer.viewport().width())
        wanted = int(self.summary.document().size().height()) + 2
        self._answer.setFixedHeight(min(wanted, int(self.height() * SUMMARY_SHARE)))
        width = self.width() - 4 * SPACE
        self.table.setColumnWidth(DOCUMENT, int(width * DOCUMENT_SHARE))
        self.table.setColumnHidden(QUOTATION, width < QUOTED_FROM_PX)

    def _make_answer(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("canvas")
        lines = column(inside, 0, 0)
        lines.addWidget(self.summary)
        lines.addStretch(1)
        area.setWidget(inside)
        return area

    def _show_progress(self, *, another: bool = False) -> None:
        survey, run = self.survey, self._run
        if survey is None:
            return
        self.progress.setVisible(run is not None)
        self.status.setText(_run_words(run) if run is not None else _rest_words(survey, another))
        self.status.setVisible(bool(self.status.text()))
        if run is not None:
            loading = run.loading
            done, total = (loading.done, loading.total) if loading is not None else (run.done, run.total)
            self.progress.setRange(0, 1000 if total else 0)
            self.progress.setValue(int(1000 * done / total) if total else 0)
        self.stop.setVisible(run is not None)
        self.stop.setEnabled(run is not None and not run.stopping)
        self.start.setVisible(run is None and not survey.done)
        self.start.setEnabled(not another)
        self.again.setVisible(run is None and survey.done and bool(unread_words(survey.rows)))
        self.again.setEnabled(not another)
        self.export.setVisible(bool(self.model.found))
        self.delete.setVisible(run is None)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setAccessibleName(tr("What was found"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(4 * SPACE)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in WIDTHS.items():
            table.setColumnWidth(at, width)
        for at in (FINDING, QUOTATION):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        table.activated.connect(self._open_row)
        table.clicked.connect(self._open_row)
        return table

    def _make_buttons(self) -> QHBoxLayout:
        buttons = row()
        for button in (self.start, self.stop, self.again, self.export, self.delete):
            buttons.addWidget(button)
        buttons.addStretch(1)
        return buttons

    def _open_row(self, index: QModelIndex) -> None:
        self._open(index.row())

    def _open_number(self, number: int) -> None:
        at = self.model.row_of(number)
        if at >= 0:
            self.table.selectRow(at)
            self._open(at)

    def _open(self, at: int) -> None:
        """The place in the document; for what changed between two, the other place follows it."""
        _, _, finding = self.model.found[at]
        if finding.other is not None:
            self.places_wanted.emit(references_to_citations((finding.citation, finding.other)))
        else:
            self.places_wanted.emit(references_to_citations(self.model.citations(), at))


def _run_words(run: Run) -> str:
    if run.stopping:
        return tr("Stopping after the part that is being read…")
    if run.waiting:
        return tr("A question is answered first; the survey goes on after it.")
    if run.loading is not None:
        return tr("The model is being loaded")
    if not run.total:
        return tr("Waiting for the model…")
    if run.done >= run.total:
        return tr("Everything is read; the answer is being written.")
    counted = tr("Reading document {n} of {total}", n=run.done + 1, total=run.total)
    return " · ".join(part for part in (counted, run.name, number_formats.time_left(run.seconds_left)) if part)


def _rest_words(survey: Survey, another: bool) -> str:
    if survey.done:
        return ""
    if another:
        return tr("Another survey is being read now; this one can go on after it.")
    return tr("Stopped. What was read is kept.")
