"""The pane of surveys, in place of the chat: the list of surveys, a new one, or one that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from core.domain.conversation import WHOLE_LIBRARY, Scope, SurveyKind
from core.i18n import tr
from core.survey.survey_texts import list_entry_state
from core.survey.values import RowChanged, Survey, SurveyListEntry
from gui import number_formats
from gui.chat.scope_dialog import ScopeDialog, open_scope_dialog
from gui.style.elements import ElidedLabel, column, icon_button, label, plain_tool_tip, push_button, row
from gui.style.sheet import SPACE
from gui.surveys.actions import SurveyActions
from gui.surveys.new_survey_page import NewSurveyPage
from gui.surveys.survey_page import SurveyPage
from gui.window_context import WindowContext


class SurveyPane(QFrame):
    """Shows one of three pages, and connects them with `SurveyActions`."""

    references_wanted = Signal(object)  # ReferenceList
    back_wanted = Signal()  # to the conversations

    def __init__(self, context: WindowContext, actions: SurveyActions) -> None:
        super().__init__()
        self._context = context
        self._actions = actions
        self.setObjectName("canvas")
        self.title = ElidedLabel(tr("Surveys"), "title", Qt.TextElideMode.ElideRight)
        self.list = QListWidget()
        self.list.setObjectName("surveys")
        self.list.setAccessibleName(tr("Surveys"))
        self.list.itemActivated.connect(self._open_item)
        self.list.itemClicked.connect(self._open_item)
        self.hint = label(
            tr("A survey puts one question to every document and makes a table of what they say."), "muted", wrap=True
        )
        self.new_page = NewSurveyPage(context.theme)
        self.page = SurveyPage(context.theme)
        self.pages = QStackedWidget()
        self._list_page = self._make_list_page()
        for page in (self._list_page, self.new_page, self.page):
            self.pages.addWidget(page)
        layout = column(self, 0, 0)
        layout.addLayout(self._make_header())
        layout.addWidget(self.pages, 1)
        self._connect()

    def show_list(self) -> None:
        self.title.setText(tr("Surveys"))
        self.pages.setCurrentWidget(self._list_page)
        self._actions.refresh()
        (self.list if self.list.count() else self.first_survey_button).setFocus()

    def begin_survey(self, question: str = "", scope: Scope = WHOLE_LIBRARY, kind: SurveyKind | None = None) -> None:
        """Show the page of a new survey, filled in as far as it is known."""
        self.title.setText(tr("New survey"))
        self.pages.setCurrentWidget(self.new_page)
        self.new_page.prepare(question, scope, kind)
        self._estimate()

    def step_back(self) -> None:
        """Go from a survey to the list, or from the list to the conversations."""
        if self.pages.currentWidget() is self._list_page:
            self.back_wanted.emit()
        else:
            self.show_list()

    def choose_scope(self) -> ScopeDialog:
        return open_scope_dialog(
            self._context, self._actions.workspace, self.new_page.scope.scope, self, self._scope_chosen
        )

    def choose_export(self) -> QFileDialog:
        dialog = QFileDialog(self.window(), tr("Export the table"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("CSV table (*.csv)"), tr("Markdown (*.md)")])
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("md" if "*.md" in chosen else "csv"))
        dialog.fileSelected.connect(self._export)
        dialog.open()
        return dialog

    def _connect(self) -> None:
        actions, page, new_page = self._actions, self.page, self.new_page
        actions.listed.connect(self._show_list)
        actions.opened.connect(self._show_survey)
        actions.run_ended.connect(self._show_run_end)
        actions.rows_changed.connect(self._rows_changed)
        actions.summary_grew.connect(lambda text: page.add_summary(text) if self._shown_survey_runs() else None)
        actions.run_changed.connect(page.show_run)
        actions.run_failed.connect(page.show_fault)
        actions.creation_failed.connect(new_page.show_fault)
        new_page.survey_wanted.connect(actions.create)
        new_page.scope_wanted.connect(self.choose_scope)
        new_page.cancelled.connect(self.show_list)
        page.references_wanted.connect(self.references_wanted)
        page.stop_wanted.connect(actions.stop)
        page.start_wanted.connect(lambda: self._on_shown_survey(actions.start))
        page.retry_wanted.connect(lambda: self._on_shown_survey(actions.retry_failed))
        page.export_wanted.connect(self.choose_export)
        page.delete_wanted.connect(self._delete)

    def _on_shown_survey(self, action: Callable[[int], object]) -> None:
        """Call `action` with the id of the survey that is shown."""
        if self.page.survey is not None:
            action(self.page.survey.id)

    def _shown_survey_runs(self) -> bool:
        run = self._actions.run
        return run is not None and self.page.survey is not None and run.survey_id == self.page.survey.id

    def _rows_changed(self, changed: Sequence[RowChanged]) -> None:
        if self._shown_survey_runs():
            self.page.show_rows(changed)

    def _show_list(self, entries: tuple[SurveyListEntry, ...]) -> None:
        self.list.clear()
        for entry in entries:
            text = " · ".join((entry.question, list_entry_state(entry), number_formats.relative_day(entry.created_s)))
            item = QListWidgetItem(" ".join(text.split()), self.list)
            item.setToolTip(plain_tool_tip(entry.question))
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
        self.list.setVisible(bool(entries))
        self.hint.setVisible(not entries)
        if not entries and self.list.hasFocus():
            self.first_survey_button.setFocus()

    def _open_item(self, item: QListWidgetItem) -> None:
        self._actions.open(int(item.data(Qt.ItemDataRole.UserRole)))

    def _show_survey(self, survey: Survey) -> None:
        self.title.setText(tr("Survey"))
        self.page.show_survey(survey)
        self.page.show_run(self._actions.run)
        self.pages.setCurrentWidget(self.page)

    def _show_run_end(self, survey: Survey) -> None:
        if self.page.survey is not None and self.page.survey.id == survey.id:
            self.page.show_survey(survey)

    def _scope_chosen(self, scope: Scope) -> None:
        self.new_page.set_scope(scope)
        self._estimate()

    def _estimate(self) -> None:
        scope = self.new_page.scope.scope
        self._context.bridge.run(self._actions.estimate(scope, self, self.new_page.show_estimate))

    def _export(self, name: str) -> None:
        self._on_shown_survey(lambda survey_id: self._actions.export(survey_id, Path(name)))

    def _delete(self) -> None:
        self._on_shown_survey(self._actions.delete)
        self.show_list()

    def _make_header(self) -> QHBoxLayout:
        header = row(spacing=SPACE // 2)
        header.setContentsMargins(SPACE, SPACE, SPACE, SPACE // 2)
        self.back_button = icon_button(self._context.theme, "back", tr("Back"), self.step_back, size_px=20)
        self.new_button = icon_button(self._context.theme, "add", tr("New survey"), self.begin_survey, size_px=20)
        header.addWidget(self.back_button)
        header.addWidget(self.title, 1)
        header.addWidget(self.new_button)
        return header

    def _make_list_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, 2 * SPACE, SPACE)
        layout.addWidget(self.hint)
        self.first_survey_button = push_button(tr("New survey…"), self.begin_survey, "primary")
        layout.addWidget(self.first_survey_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.list, 1)
        layout.addStretch(1)
        return page
