"""The page of one survey: question, progress, coverage, summary and the table of findings."""

from __future__ import annotations

from collections.abc import Sequence

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
from core.survey.run_state import SurveyRun, with_changed_rows
from core.survey.summarising import summary_sentences
from core.survey.survey_texts import idle_text, run_text, unread_documents
from core.survey.values import RowChanged, RowState, Survey
from gui import number_formats
from gui.chat.answer_text import AnswerText
from gui.chat.collapsible_section import CollapsibleSection
from gui.documents.passage_references import references_to_citations
from gui.style.elements import column, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from gui.surveys.findings_model import (
    CHECKED,
    DOCUMENT,
    FINDING,
    NUMBER,
    QUOTATION,
    VALUE,
    FindingsModel,
)
from models.faults import Fault

COLUMN_WIDTHS_PX = {NUMBER: 44, VALUE: 90, CHECKED: 96}
BAR_STEPS = 1000
DOCUMENT_SHARE = 0.24  # of the table's width
MIN_WIDTH_WITH_QUOTATION_PX = 560  # a narrower table has no column of quotations
MAX_SUMMARY_SHARE = 0.4  # of the page's height; a longer summary scrolls


class SurveyPage(QWidget):
    """Shows a survey and its run; emits what the person wants to do with it."""

    references_wanted = Signal(object)  # ReferenceList
    stop_wanted = Signal()
    start_wanted = Signal()
    retry_wanted = Signal()
    export_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.survey: Survey | None = None
        self._run: SurveyRun | None = None
        self._summary_text = ""
        self.question = label("", "strong", wrap=True)
        self.status = label("", "small", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress of the survey"))
        self.fault = label("", "danger", wrap=True)
        self.fault.hide()
        self.coverage = label("", wrap=True)
        self.unread = CollapsibleSection(theme, tr("What was not read, and why"))
        self._reasons = label("", "small", wrap=True)
        self.unread.content.addWidget(self._reasons)
        self.summary = AnswerText(theme)
        self.summary.setAccessibleName(tr("Answer from all documents"))
        self.summary.citation_clicked.connect(self._open_number)
        self._summary_area = self._make_summary_area()
        self.model = FindingsModel(self)
        self.table = self._make_table()
        self.stop_button = push_button(tr("Stop"), self.stop_wanted.emit)
        self.start_button = push_button(tr("Go on"), self.start_wanted.emit, "primary")
        self.retry_button = push_button(tr("Read the rest again"), self.retry_wanted.emit)
        self.export_button = push_button(tr("Export…"), self.export_wanted.emit)
        self.delete_button = push_button(tr("Delete"), self.delete_wanted.emit)
        layout = column(self, 0, SPACE)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        for widget in (
            self.question,
            self.status,
            self.progress,
            self.fault,
            self.coverage,
            self.unread,
            self._summary_area,
        ):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        self._table_placeholder = QWidget()  # takes the place of the table while that is empty
        layout.addWidget(self._table_placeholder, 1)
        layout.addLayout(self._make_buttons())

    def show_survey(self, survey: Survey) -> None:
        if self.survey is None or self.survey.id != survey.id:
            self._summary_text = ""
            self.show_fault(None)
        self.survey = survey
        if survey.done:
            self._summary_text = survey.summary
            self.summary.finish(survey.summary, None, summary_sentences(survey))
        self._show()

    def show_rows(self, changed: Sequence[RowChanged]) -> None:
        """Show what was read since."""
        if self.survey is None:
            return
        self.survey = with_changed_rows(self.survey, changed)
        self._show()

    def add_summary(self, text: str) -> None:
        self._summary_text += text
        self.summary.append(text)
        self._summary_area.show()
        self._fit_sizes()

    def show_run(self, run: SurveyRun | None) -> None:
        self._run = run if run is not None and self.survey is not None and run.survey_id == self.survey.id else None
        if self._run is not None:
            self.show_fault(None)
        self._show_progress(another_runs=run is not None and self._run is None)

    def show_fault(self, fault: Fault | None) -> None:
        self.fault.setText(f"{fault_title(fault)}. {fault_text(fault)}" if fault is not None else "")
        self.fault.setVisible(fault is not None)

    def _show(self) -> None:
        survey = self.survey
        if survey is None:
            return
        self.question.setText(survey.question)
        started = any(row.state is not RowState.WAITING for row in survey.rows)
        self.coverage.setText(coverage_statement(survey))
        self.coverage.setVisible(started)
        reasons = unread_documents(survey.rows)
        self._reasons.setText("\n".join(reasons))
        self.unread.setVisible(bool(reasons))
        self._summary_area.setVisible(bool(self._summary_text))
        self.model.show_survey(survey)
        self.table.setColumnHidden(VALUE, not self.model.has_values)
        self.table.setVisible(bool(self.model.findings))
        self._table_placeholder.setVisible(not self.model.findings)
        self._show_progress()
        self._fit_sizes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_sizes()

    def _fit_sizes(self) -> None:
        """Fit the summary's height to its text, and the table's columns to the width."""
        self.summary.document().setTextWidth(self._summary_area.viewport().width())
        wanted = int(self.summary.document().size().height()) + 2
        self._summary_area.setFixedHeight(min(wanted, int(self.height() * MAX_SUMMARY_SHARE)))
        width = self.width() - 4 * SPACE
        self.table.setColumnWidth(DOCUMENT, int(width * DOCUMENT_SHARE))
        self.table.setColumnHidden(QUOTATION, width < MIN_WIDTH_WITH_QUOTATION_PX)

    def _make_summary_area(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setObjectName("canvas")
        lines = column(content, 0, 0)
        lines.addWidget(self.summary)
        lines.addStretch(1)
        area.setWidget(content)
        return area

    def _show_progress(self, *, another_runs: bool = False) -> None:
        survey, run = self.survey, self._run
        if survey is None:
            return
        self.progress.setVisible(run is not None)
        if run is not None:
            text = run_text(run, number_formats.time_left(run.seconds_left))
        else:
            text = idle_text(survey, another_runs=another_runs)
        self.status.setText(text)
        self.status.setVisible(bool(text))
        if run is not None:
            loading = run.loading
            done, total = (loading.done, loading.total) if loading is not None else (run.done, run.total)
            self.progress.setRange(0, BAR_STEPS if total else 0)
            self.progress.setValue(int(BAR_STEPS * done / total) if total else 0)
        self.stop_button.setVisible(run is not None)
        self.stop_button.setEnabled(run is not None and not run.stopping)
        self.start_button.setVisible(run is None and not survey.done)
        self.start_button.setEnabled(not another_runs)
        self.retry_button.setVisible(run is None and survey.done and bool(unread_documents(survey.rows)))
        self.retry_button.setEnabled(not another_runs)
        self.export_button.setVisible(bool(self.model.findings))
        self.delete_button.setVisible(run is None)

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
        for column_number, width in COLUMN_WIDTHS_PX.items():
            table.setColumnWidth(column_number, width)
        for column_number in (FINDING, QUOTATION):
            header.setSectionResizeMode(column_number, QHeaderView.ResizeMode.Stretch)
        table.activated.connect(self._open_index)
        table.clicked.connect(self._open_index)
        return table

    def _make_buttons(self) -> QHBoxLayout:
        buttons = row()
        for button in (self.start_button, self.stop_button, self.retry_button, self.export_button, self.delete_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        return buttons

    def _open_index(self, index: QModelIndex) -> None:
        self._open_row(index.row())

    def _open_number(self, number: int) -> None:
        row_number = self.model.row_of(number)
        if row_number >= 0:
            self.table.selectRow(row_number)
            self._open_row(row_number)

    def _open_row(self, row_number: int) -> None:
        """Open the passage that a finding cites; for a change between two documents, the other passage follows it."""
        _, _, finding = self.model.findings[row_number]
        if finding.other is not None:
            self.references_wanted.emit(references_to_citations((finding.citation, finding.other)))
        else:
            self.references_wanted.emit(references_to_citations(self.model.citations(), row_number))
