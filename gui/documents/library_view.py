"""The library's tree on screen: filter, folders and documents with their state, and what can be done with a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, QTimer, Signal
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
from gui.documents.tree import LibraryTree, Node, NodeCounts, TreeFilter
from gui.documents.tree_model import NAME, STATE, TreeModel
from gui.style.elements import column, label, row
from gui.style.icons import icon
from gui.style.sheet import SPACE
from gui.style.theme import Theme

FILTER_PAUSE_MS = 200
STATE_SHARE = 0.32
NARROWEST_STATE, WIDEST_STATE = 8 * SPACE, 20 * SPACE
DEEPEST_OPENED = 4  # of folders that hold one folder only, opened at once


class RowDelegate(QStyledItemDelegate):
    """Names give way in their middle (the end tells the kind of file); an icon says what the row is."""

    def __init__(self, theme: Theme, model: TreeModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._icons: dict[str, QIcon] = {}
        theme.changed.connect(self._icons.clear)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]  # Qt also passes persistent ones, which we do not
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
    """Emits what the person wants done with the row that is selected."""

    opened = Signal(object)  # Document
    filter_changed = Signal(object)  # TreeFilter
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path
    index_again = Signal(object)  # Path
    retry = Signal(object)  # path by document id
    password_wanted = Signal(object)  # Document
    remove = Signal(object)  # Folder
    add_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = TreeModel(self)
        self.view = QTreeView()
        self._set_up_view(theme)
        self.words = QLineEdit()
        self.words.setPlaceholderText(tr("Filter by name"))
        self.words.setAccessibleName(tr("Filter documents by name"))
        self.words.setClearButtonEnabled(True)
        self.state = QComboBox()
        self.state.setAccessibleName(tr("Filter documents by state"))
        for words, state in (
            (tr("All"), None),
            (tr("Ready"), DocumentState.INDEXED),
            (tr("Waiting"), DocumentState.WAITING),
            (tr("Skipped"), DocumentState.SKIPPED),
        ):
            self.state.addItem(words, state)
        self.total = label("", "small")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(FILTER_PAUSE_MS)
        self._pause.timeout.connect(self._filter)
        self.words.textChanged.connect(lambda text: self._pause.start())
        self.state.currentIndexChanged.connect(lambda at: self._filter())
        self.setFocusProxy(self.view)
        layout = column(self, 0, SPACE)
        filters = row()
        filters.setContentsMargins(SPACE, 0, SPACE, 0)
        filters.addWidget(self.words, 1)
        filters.addWidget(self.state)
        layout.addLayout(filters)
        layout.addWidget(self.view, 1)
        footer = row()
        footer.setContentsMargins(2 * SPACE, 0, SPACE, SPACE)
        footer.addWidget(self.total, 1)
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
        view.customContextMenuRequested.connect(self._menu)
        view.activated.connect(self._activated)
        view.setIndentation(2 * SPACE)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(STATE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(STATE, WIDEST_STATE)
        header.setSectionsMovable(False)
        for words, keys, act in (
            (tr("Remove from Papermoor…"), QKeySequence(QKeySequence.StandardKey.Delete), self._remove),
            (tr("Actions for this row"), QKeySequence("Shift+F10"), self._menu_here),
        ):
            action = QAction(words, view)
            action.setShortcut(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(lambda checked=False, act=act: act())
            view.addAction(action)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow pane the names keep most of the room."""
        super().resizeEvent(event)
        share = int(self.width() * STATE_SHARE)
        self.view.header().resizeSection(STATE, max(NARROWEST_STATE, min(WIDEST_STATE, share)))

    def show_tree(self, tree: LibraryTree) -> None:
        """Show the library as it is now, with the same rows open and selected as before."""
        opened, selected = self._opened(), self._selected()
        first = not self.model.tree.roots
        bar = self.view.verticalScrollBar()
        at = bar.value()
        if self.model.show_tree(tree):
            self._restore(opened, selected, open_all=first or not self._filter_is_empty())
            bar.setValue(at)
        shown = tree.shown
        if shown == tree.total:
            self.total.setText(ngettext("{n} document", "{n} documents", tree.total))
        else:
            self.total.setText(tr("{shown} of {all} documents", shown=shown, all=tree.total))

    def show_state(self, state: DocumentState) -> None:
        """Filter by `state`, as if chosen in the list."""
        self.state.setCurrentIndex(self.state.findData(state))

    def selected_document_path(self) -> str | None:
        node = self._selected()
        return str(node.path) if node is not None else None

    def _filter_is_empty(self) -> bool:
        return self._wanted().empty

    def _wanted(self) -> TreeFilter:
        state = self.state.currentData()  # Qt keeps the value of the enumeration only
        return TreeFilter(self.words.text(), DocumentState(state) if state else None)

    def _filter(self) -> None:
        self.filter_changed.emit(self._wanted())

    def _opened(self) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()

        def walk(parent: QModelIndex) -> None:
            for at in range(self.model.rowCount(parent)):
                index = self.model.index(at, NAME, parent)
                node = self.model.node(index)
                if node is None or (node.document_id is not None and node.parent is not None):
                    return  # documents come after the folders
                if self.view.isExpanded(index):
                    found.add(node.key)
                    walk(index)

        walk(QModelIndex())
        return found

    def _restore(self, opened: set[tuple[int, str]], selected: Node | None, *, open_all: bool) -> None:
        few = len(self.model.tree.roots) <= 3
        key = selected.key if selected is not None else None
        document_id = selected.document_id if selected is not None else None

        def walk(nodes: Sequence[Node], alone: bool, depth: int) -> None:
            for node in nodes:
                wanted = open_all and ((depth == 0 and few) or (alone and depth < DEEPEST_OPENED))
                if node.key == key:
                    self.view.setCurrentIndex(self.model.index_of(node))
                if node.children and (node.key in opened or wanted):
                    self.view.expand(self.model.index_of(node))
                    if document_id in node.children.ids:
                        at = len(node.children.folders) + node.children.ids.index(document_id)
                        self.view.setCurrentIndex(self.model.index_of(node.children[at]))
                    walk(node.children.folders, len(node.children) == 1, depth + 1)

        walk(self.model.tree.roots, len(self.model.tree.roots) == 1, 0)

    def _selected(self) -> Node | None:
        return self.model.node(self.view.currentIndex())

    def _activated(self, index: QModelIndex) -> None:
        document = self.model.document(self.model.node(index))
        if document is not None and document.state is DocumentState.INDEXED:
            self.opened.emit(document)
        elif document is not None and document.is_locked:
            self.password_wanted.emit(document)

    def _remove(self) -> None:
        node = self._selected()
        if node is None:
            return
        while node.parent is not None:
            node = node.parent
        count = self.model.tree.counts.get(node.number, NodeCounts())
        self.remove.emit(Folder(node.folder_id, node.path, count.documents))

    def _menu_here(self) -> None:
        self._menu(self.view.visualRect(self.view.currentIndex()).center())

    def _menu(self, where: QPoint) -> None:
        node = self._selected()
        if node is None:
            return
        menu = self.row_menu(node)
        corner = QRect(self.view.viewport().mapToGlobal(where), self.view.viewport().mapToGlobal(where)).topLeft()
        menu.popup(corner)

    def row_menu(self, node: Node) -> QMenu:
        """What can be done with `node`."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        document = self.model.document(node)

        def add(words: str, act: Callable[[], object], enabled: bool = True) -> None:
            menu.addAction(words, act).setEnabled(enabled)

        if document is not None:
            ready = document.state is DocumentState.INDEXED
            add(tr("Open here"), lambda: self.opened.emit(document), ready)
            add(tr("Open in its application"), lambda: self.open_outside.emit(node.path))
        add(tr("Show in folder"), lambda: self.reveal.emit(node.path))
        menu.addSeparator()
        if document is not None and (document.state is DocumentState.SKIPPED or self.model.note(node)):
            if document.is_locked:
                add(tr("Enter the password…"), lambda: self.password_wanted.emit(document))
            add(tr("Try again"), lambda: self.retry.emit({document.id: document.path}))
        else:
            add(tr("Index again"), lambda: self.index_again.emit(node.path))
        add(tr("Remove from Papermoor…"), self._remove)
        return menu
