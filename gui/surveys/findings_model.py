"""The table of a survey's findings as a Qt model: document, finding, value, quotation and support of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.chat.messages import support_text
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names
from core.i18n import tr
from core.survey.summarising import numbered_findings
from core.survey.survey_texts import FindingCells, finding_cells
from core.survey.values import Finding, Survey, SurveyRow

NUMBER, DOCUMENT, FINDING, VALUE, QUOTATION, CHECKED = COLUMNS = range(len(FindingCells._fields))
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class FindingsModel(QAbstractTableModel):
    """Follows a survey while it is read. The numbers are those that its summary cites."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.survey: Survey | None = None
        self.findings: list[tuple[int, SurveyRow, Finding]] = []
        self._names: dict[Path, str] = {}

    def show_survey(self, survey: Survey | None) -> None:
        """Show the findings of `survey`. If only rows at the end are new, selection and scroll position stay."""
        found = list(numbered_findings(survey)) if survey is not None else []
        if survey is not None and (self.survey is None or self.survey.id != survey.id):
            self._names = disambiguated_names(row.path for row in survey.rows)
        self.survey = survey
        if found[: len(self.findings)] == self.findings:
            if len(found) > len(self.findings):
                self.beginInsertRows(_NOWHERE, len(self.findings), len(found) - 1)
                self.findings = found
                self.endInsertRows()
            return
        self.beginResetModel()
        self.findings = found
        self.endResetModel()

    @property
    def has_values(self) -> bool:
        return any(finding.value for _, _, finding in self.findings)

    def citations(self) -> tuple[Citation, ...]:
        """The citation of each row, in their order."""
        return tuple(finding.citation for _, _, finding in self.findings)

    def row_of(self, number: int) -> int:
        return next((row for row, (n, _, _) in enumerate(self.findings) if n == number), -1)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.findings)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _titles()[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(self._cells(index.row())[index.column()].split())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == NUMBER:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _tooltip(self, row: int, column: int) -> str:
        """What a cell has no room for: the path, the result of the check in a sentence, or the whole text."""
        _, survey_row, finding = self.findings[row]
        if column == CHECKED:
            return support_text(finding.citation.support)
        return str(survey_row.path) if column == DOCUMENT else self._cells(row)[column]

    def _cells(self, row: int) -> FindingCells:
        number, survey_row, finding = self.findings[row]
        return finding_cells(number, survey_row, finding, self._names.get(survey_row.path, survey_row.path.name))


def _titles() -> tuple[str, ...]:
    return ("", tr("Document"), tr("Finding"), tr("Value"), tr("Quotation"), tr("Checked"))
