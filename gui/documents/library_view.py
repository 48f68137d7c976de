"""The library as a tree view: filters, folders and documents with their states, and a menu for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from core.domain.documents import DocumentState, Folder
from core.i18n import ngettext, tr
from core.library.document_tree import FolderCounts, LibraryTree, TreeFilter, TreeNode
from gui.documents.tree_model import NAME, STATE, TreeModel
from gui.style.elements import column, label, row
from gui.style.icons import icon
from gui.style.sheet import SPACE
from gui.style.theme import Theme

FILTER_PAUSE_MS = 200
STATE_SHARE = 0.32  # of the view's width
MIN_STATE_WIDTH, MAX_STATE_WIDTH = 8 * SPACE, 20 * SPACE
MAX_EXPANDED_DEPTH = 4  # to which folders that hold one folder only are expanded at first


class RowDelegate(QStyledItemDelegate):
    """Paints a row with an icon for its kind; a name is elided in its middle, since its end tells the kind of file."""

    def __init__(self, theme: Theme, model: TreeModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._icons: dict[str, QIcon] = {}
        theme.changed.connect(self._icons.clear)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]  # Qt would also take persistent indexes
        super().initStyleOption(option, index)
        node = self._model.node(index)
        if node is None:
            return
        document = self._model.document(node)
        if index.column() == NAME:
            option.textElideMode = Qt.TextElideMode.ElideMiddle
            option.icon = self._icon("document" if document else "folder", "muted")
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            return
        colours = self._theme.colours
        skipped = document is not None and document.state is DocumentState.SKIPPED
        option.palette.setColor(
            option.palette.ColorRole.Text,
            colours.warning if skipped else colours.muted,
        )

    def _icon(self, name: str, colour: str) -> QIcon:
        if name not in self._icons:
            self._icons[name] = icon(name, getattr(self._theme.colours, colour))
        return self._icons[name]


class LibraryView(QWidget):
    """Shows a `LibraryTree`; emits what a person wants done with the selected row."""

    opened = Signal(object)  # Document
    filter_changed = Signal(object)  # TreeFilter
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path
    index_again = Signal(object)  # Path
    retry = Signal(object)  # dict of paths by document id
    password_wanted = Signal(object)  # Document
    remove = Signal(object)  # Folder

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = TreeModel(self)
        self.view = QTreeView()
        self._set_up_view(theme)
        self.name_filter = QLineEdit()
        self.name_filter.setPlaceholderText(tr("Filter by name"))
        self.name_filter.setAccessibleName(tr("Filter documents by name"))
        self.name_filter.setClearButtonEnabled(True)
        self.state_filter = QComboBox()
        self.state_filter.setAccessibleName(tr("Filter documents by state"))
        for text, state in (
            (tr("All"), None),
            (tr("Ready"), DocumentState.INDEXED),
            (tr("Waiting"), DocumentState.WAITING),
            (tr("Skipped"), DocumentState.SKIPPED),
        ):
            self.state_filter.addItem(text, state)
        self.total_label = label("", "small")
        self._filter_timer = QTimer(self)
        self._filter_timer.setSingleShot(True)
        self._filter_timer.setInterval(FILTER_PAUSE_MS)
        self._filter_timer.timeout.connect(self._emit_filter)
        self.name_filter.textChanged.connect(lambda text: self._filter_timer.start())
        self.state_filter.currentIndexChanged.connect(lambda index: self._emit_filter())
        self.setFocusProxy(self.view)
        layout = column(self, 0, SPACE)
        filters = row()
        filters.setContentsMargins(SPACE, 0, SPACE, 0)
        filters.addWidget(self.name_filter, 1)
        filters.addWidget(self.state_filter)
        layout.addLayout(filters)
        layout.addWidget(self.view, 1)
        footer = row()
        footer.setContentsMargins(2 * SPACE, 0, SPACE, SPACE)
        footer.addWidget(self.total_label, 1)
        layout.addLayout(footer)

    def _set_up_view(self, theme: Theme) -> None:
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(RowDelegate(theme, self.model, view))
        view.setAccessibleName(tr("Documents"))
        view.setUniformRowHeights(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.activated.connect(self._activated)
        view.setIndentation(2 * SPACE)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(STATE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(STATE, MAX_STATE_WIDTH)
        header.setSectionsMovable(False)
        for text, shortcut, act in (
            (tr("Remove from Papermoor…"), QKeySequence(QKeySequence.StandardKey.Delete), self._remove),
            (tr("Actions for this row"), QKeySequence("Shift+F10"), self._open_menu_for_row),
        ):
            action = QAction(text, view)
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(lambda checked=False, act=act: act())
            view.addAction(action)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave most of the width to the names in a narrow pane."""
        super().resizeEvent(event)
        share = int(self.width() * STATE_SHARE)
        self.view.header().resizeSection(STATE, max(MIN_STATE_WIDTH, min(MAX_STATE_WIDTH, share)))

    def show_tree(self, tree: LibraryTree) -> None:
        """Show `tree` with the same rows expanded and selected as before."""
        expanded, selected = self._expanded_keys(), self._selected()
        first = not self.model.tree.roots
        bar = self.view.verticalScrollBar()
        scrolled_to = bar.value()
        if self.model.show_tree(tree):
            self._restore(expanded, selected, expand_all=first or not self._current_filter().empty)
            bar.setValue(scrolled_to)
        if tree.shown == tree.total:
            self.total_label.setText(ngettext("{n} document", "{n} documents", tree.total))
        else:
            self.total_label.setText(tr("{shown} of {all} documents", shown=tree.shown, all=tree.total))

    def filter_by_state(self, state: DocumentState) -> None:
        """Show documents in `state` only, as if it had been chosen in the list."""
        self.state_filter.setCurrentIndex(self.state_filter.findData(state))

    def _current_filter(self) -> TreeFilter:
        state = self.state_filter.currentData()  # Qt keeps only the value of the enumeration
        return TreeFilter(self.name_filter.text(), DocumentState(state) if state else None)

    def _emit_filter(self) -> None:
        self.filter_changed.emit(self._current_filter())

    def _expanded_keys(self) -> set[tuple[int, str]]:
        keys: set[tuple[int, str]] = set()

        def walk(parent: QModelIndex) -> None:
            for number in range(self.model.rowCount(parent)):
                index = self.model.index(number, NAME, parent)
                node = self.model.node(index)
                if node is None or (node.document_id is not None and node.parent is not None):
                    return  # documents come after the folders
                if self.view.isExpanded(index):
                    keys.add(node.key)
                    walk(index)

        walk(QModelIndex())
        return keys

    def _restore(self, expanded: set[tuple[int, str]], selected: TreeNode | None, *, expand_all: bool) -> None:
        """Expand and select as before. `expand_all` also expands the added folders, if they are few, and below them
        folders that are the only row of theirs."""
        few = len(self.model.tree.roots) <= 3
        key = selected.key if selected is not None else None
        document_id = selected.document_id if selected is not None else None

        def walk(nodes: Sequence[TreeNode], alone: bool, depth: int) -> None:
            for node in nodes:
                expand = expand_all and ((depth == 0 and few) or (alone and depth < MAX_EXPANDED_DEPTH))
                if node.key == key:
                    self.view.setCurrentIndex(self.model.index_of(node))
                if node.children and (node.key in expanded or expand):
                    self.view.expand(self.model.index_of(node))
                    if document_id in node.children.ids:
                        number = len(node.children.folders) + node.children.ids.index(document_id)
                        self.view.setCurrentIndex(self.model.index_of(node.children[number]))
                    walk(node.children.folders, len(node.children) == 1, depth + 1)

        walk(self.model.tree.roots, len(self.model.tree.roots) == 1, 0)

    def _selected(self) -> TreeNode | None:
        return self.model.node(self.view.currentIndex())

    def _activated(self, index: QModelIndex) -> None:
        document = self.model.document(self.model.node(index))
        if document is not None and document.state is DocumentState.INDEXED:
            self.opened.emit(document)
        elif document is not None and document.is_locked:
            self.password_wanted.emit(document)

    def _remove(self) -> None:
        """Ask for the added folder that the selected row is in to be removed."""
        node = self._selected()
        if node is None:
            return
        while node.parent is not None:
            node = node.parent
        count = self.model.tree.counts.get(node.folder_number, FolderCounts())
        self.remove.emit(Folder(node.folder_id, node.path, count.documents))

    def _open_menu_for_row(self) -> None:
        self._open_menu(self.view.visualRect(self.view.currentIndex()).center())

    def _open_menu(self, where: QPoint) -> None:
        node = self._selected()
        if node is None:
            return
        menu = self.row_menu(node)
        menu.popup(self.view.viewport().mapToGlobal(where))

    def row_menu(self, node: TreeNode) -> QMenu:
        """A menu of what can be done with `node`; it is deleted when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        document = self.model.document(node)

        def add(text: str, act: Callable[[], object], enabled: bool = True) -> None:
            menu.addAction(text, act).setEnabled(enabled)

        if document is not None:
            ready = document.state is DocumentState.INDEXED
            add(tr("Open here"), lambda: self.opened.emit(document), ready)
            add(tr("Open in its application"), lambda: self.open_outside.emit(node.path))
        add(tr("Show in folder"), lambda: self.reveal.emit(node.path))
        menu.addSeparator()
        if document is not None and (document.state is DocumentState.SKIPPED or self.model.incomplete_reason(node)):
            if document.is_locked:
                add(tr("Enter the password…"), lambda: self.password_wanted.emit(document))
            add(tr("Try again"), lambda: self.retry.emit({document.id: document.path}))
        else:
            add(tr("Index again"), lambda: self.index_again.emit(node.path))
        add(tr("Remove from Papermoor…"), self._remove)
        return menu
