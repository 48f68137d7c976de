"""The list of files and folders that could not be read, or only in part, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from core.domain.documents import Skipped
from core.i18n import ngettext, tr
from gui.style.elements import column, label, push_button
from gui.style.sheet import SPACE

_Index = QModelIndex | QPersistentModelIndex


class SkippedModel(QAbstractTableModel):
    """A row per file or folder: its name, the reason, and the folder it is in."""

    def __init__(self, files: Sequence[Skipped], parent: QWidget) -> None:
        super().__init__(parent)
        self.files = tuple(files)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # an empty index is a constant
        return 0 if parent.isValid() else len(self.files)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return (tr("Name"), tr("Why"), tr("Folder"))[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        file = self.files[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (file.path.name, file.reason, str(file.path.parent))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{file.path}\n{file.reason}"
        return None


class _ReasonDelegate(QStyledItemDelegate):
    """Elides a reason at its end, unlike the names in the other columns."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideRight


class SkippedDialog(QDialog):
    """Emits `retry_wanted` with the selected entries, or with all if none is selected."""

    retry_wanted = Signal(object)  # tuple[Skipped, ...]
    reveal = Signal(object)  # Path

    def __init__(self, files: Sequence[Skipped], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Skipped files"))
        self.resize(940, 460)
        self._files = tuple(files)
        layout = column(self, 3 * SPACE, SPACE)
        layout.addWidget(label(tr("Skipped files"), "title"))
        layout.addWidget(
            label(
                ngettext(
                    "{n} file or folder could not be read, or not all of it.",
                    "{n} files and folders could not be read, or not all of them.",
                    len(files),
                ),
                "muted",
                wrap=True,
            )
        )
        self.view = QTableView()
        self.view.setModel(SkippedModel(files, self.view))
        self.view.setAccessibleName(tr("Skipped files"))
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setItemDelegateForColumn(1, _ReasonDelegate(self.view))
        self.view.verticalHeader().hide()
        header = self.view.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.resizeSection(0, 180)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(2, 180)
        self.view.activated.connect(lambda index: self.reveal.emit(self._files[index.row()].path))
        layout.addWidget(self.view, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (
            push_button(tr("Try again"), self._retry),
            push_button(tr("Copy the list"), self._copy),
        ):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _retry(self) -> None:
        selected = sorted({index.row() for index in self.view.selectionModel().selectedRows()})
        self.retry_wanted.emit(tuple(self._files[row] for row in selected) or self._files)
        self.accept()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(f"{file.path}\t{file.reason}" for file in self._files))
