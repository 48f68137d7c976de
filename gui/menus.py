"""The menu bar: every action of the window with its text and its shortcut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from core.i18n import tr


@dataclass(frozen=True, slots=True)
class MenuActions:
    """What each menu entry does."""

    add_folder: Callable[[], object]
    add_files: Callable[[], object]
    index_again: Callable[[], object]
    pause_indexing: Callable[[], object]
    stop_indexing: Callable[[], object]
    show_skipped: Callable[[], object]
    search: Callable[[], object]
    settings: Callable[[], object]
    encryption: Callable[[], object]
    models: Callable[[], object]
    quit: Callable[[], object]
    new_conversation: Callable[[], object]
    rename_conversation: Callable[[], object]
    delete_conversation: Callable[[], object]
    copy_answer: Callable[[], object]
    ask_again: Callable[[], object]
    stop: Callable[[], object]
    compose: Callable[[], object]
    choose_scope: Callable[[], object]
    surveys: Callable[[], object]
    toggle_conversations: Callable[[], object]
    toggle_documents: Callable[[], object]
    guide: Callable[[], object]
    about: Callable[[], object]


def add_menus(window: QMainWindow, actions: MenuActions) -> dict[str, QAction]:
    """Add the menus to `window`; return the entries by the names of `MenuActions`."""
    entries: dict[str, QAction] = {}

    def add(menu: QMenu, name: str, text: str, shortcut: str = "") -> QAction:
        entry = QAction(text, window)
        if shortcut:
            entry.setShortcut(QKeySequence(shortcut))
        act = getattr(actions, name)
        entry.triggered.connect(lambda checked=False: act())
        menu.addAction(entry)
        entries[name] = entry
        return entry

    bar = window.menuBar()
    library = bar.addMenu(tr("&Library"))
    add(library, "add_folder", tr("Add a folder…"), "Ctrl+O")
    add(library, "add_files", tr("Add files…"), "Ctrl+Shift+O")
    library.addSeparator()
    add(library, "search", tr("Search in documents"), "Ctrl+F")
    add(library, "index_again", tr("Look for changes now"), "F5")
    add(library, "pause_indexing", tr("Pause indexing, or go on"))
    add(library, "stop_indexing", tr("Stop indexing"))
    add(library, "show_skipped", tr("Skipped files…"))
    library.addSeparator()
    add(library, "models", tr("Models…"))
    settings = add(library, "settings", tr("Settings…"), "Ctrl+,")
    settings.setMenuRole(QAction.MenuRole.PreferencesRole)
    add(library, "encryption", tr("Encryption…"))
    library.addSeparator()
    quit_entry = add(library, "quit", tr("Quit"), "Ctrl+Q")
    quit_entry.setMenuRole(QAction.MenuRole.QuitRole)

    chat = bar.addMenu(tr("&Conversation"))
    add(chat, "new_conversation", tr("New conversation"), "Ctrl+N")
    add(chat, "compose", tr("Write a question"), "Ctrl+L")
    add(chat, "choose_scope", tr("Choose what it looks into…"), "Ctrl+D")
    add(chat, "surveys", tr("Surveys of all documents"), "Ctrl+E")
    chat.addSeparator()
    add(chat, "copy_answer", tr("Copy the last answer"), "Ctrl+Shift+C")
    add(chat, "ask_again", tr("Write the last answer again"), "Ctrl+R")
    add(chat, "stop", tr("Stop"), "Esc")
    chat.addSeparator()
    add(chat, "rename_conversation", tr("Rename…"), "F2")
    add(chat, "delete_conversation", tr("Delete"))

    view = bar.addMenu(tr("&View"))
    add(view, "toggle_documents", tr("Show or hide the documents"), "Ctrl+Shift+D")
    add(view, "toggle_conversations", tr("Show or hide the conversations"), "Ctrl+B")

    help_menu = bar.addMenu(tr("&Help"))
    add(help_menu, "guide", tr("User guide"), "F1")
    about = add(help_menu, "about", tr("About Papermoor"))
    about.setMenuRole(QAction.MenuRole.AboutRole)
    return entries
