"""The table of what a survey found: a row for each finding, with its document, its quotation and what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.chat.messages import support_label, support_text
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names
from core.domain.locations import location_words, section_words
from core.i18n import tr
from core.survey.summarising import numbered_findings
from core.survey.values import Finding, Survey, SurveyRow

NUMBER, DOCUMENT, FINDING, VALUE, QUOTATION, CHECKED = range(6)
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class FindingsModel(QAbstractTableModel):
    """Follows a survey as it is read; the numbers are those that its summary cites."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.survey: Survey | None = None
        self.found: list[tuple[int, SurveyRow, Finding]] = []
        self._names: dict[Path, str] = {}

    def show_survey(self, survey: Survey | None) -> None:
        """Rows that only came to the end are inserted, so that what is selected and scrolled to stays."""
        found = list(numbered_findings(survey)) if survey is not None else []
        if survey is not None and (self.survey is None or self.survey.id != survey.id):
            self._names = disambiguated_names(row.path for row in survey.rows)
        self.survey = survey
        if found[: len(self.found)] == self.found:
            if len(found) > len(self.found):
                self.beginInsertRows(_NOWHERE, len(self.found), len(found) - 1)
                self.found = found
                self.endInsertRows()
            return
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    @property
    def has_values(self) -> bool:
        return any(finding.value for _, _, finding in self.found)

    def citations(self) -> tuple[Citation, ...]:
        """The place of each row, in their order."""
        return tuple(finding.citation for _, _, finding in self.found)

    def row_of(self, number: int) -> int:
        return next((at for at, (n, _, _) in enumerate(self.found) if n == number), -1)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.found)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _titles()[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        number, row, finding = self.found[index.row()]
        name = self._names.get(row.path, row.path.name)
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(_cell(index.column(), number, row, finding, name).split())
        if role == Qt.ItemDataRole.ToolTipRole:
            if index.column() == CHECKED:
                return support_text(finding.citation.support)
            return str(row.path) if index.column() == DOCUMENT else _cell(index.column(), number, row, finding, name)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == NUMBER:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def unread_words(rows: Sequence[SurveyRow]) -> list[str]:
    """A line for each document that was not read, or not to its end, with the reason."""
    names = disambiguated_names(row.path for row in rows)
    return [tr("{name}: {reason}", name=names[row.path], reason=row.reason) for row in rows if row.reason]


def _titles() -> tuple[str, ...]:
    return ("", tr("Document"), tr("Finding"), tr("Value"), tr("Quotation"), tr("Checked"))


def _cell(column: int, number: int, row: SurveyRow, finding: Finding, name: str) -> str:
    if column == NUMBER:
        return str(number)
    if column == DOCUMENT:
        cited = finding.citation
        return " · ".join(filter(None, (name, location_words(cited), section_words(cited))))
    if column == FINDING:
        return finding.text
    if column == VALUE:
        return finding.value if finding.meets is not None or not finding.value else f"{finding.value} ?"
    if column == QUOTATION:
        return finding.citation.quote
    return support_label(finding.citation.support)
