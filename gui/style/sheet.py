"""The style sheet: edges, corners, spacing and font sizes, filled in with the colours of the theme."""

from __future__ import annotations

from pathlib import Path
from string import Template

from gui.style.colours import Colours

ICONS = Path(__file__).parent.parent / "icons"
COLUMN_WIDTH = 760  # the most for messages and composer: longer lines are hard to read
SPACE = 8  # logical pixels; gaps and margins are multiples of it, inside a control also of half of it

_SHEET = Template("""
QAbstractItemView { outline: none; }
QMainWindow, QDialog, #canvas { background: $canvas; }
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 4px 8px; }
QMenuBar { background: $canvas; border-bottom: 1px solid $border; padding: 2px 4px; }
QMenuBar::item { padding: 4px 10px; border-radius: 6px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $raised; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 32px 6px 28px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenu::indicator { left: 6px; width: 14px; height: 14px; }
QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $outline; }
QStatusBar { background: $canvas; border-top: 1px solid $border; }
QStatusBar::item { border: none; }

QLabel[role="display"] { font-size: ${display}pt; font-weight: 600; }
QLabel[role="title"] { font-size: ${title}pt; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small}pt; }
QLabel[role="danger"] { color: $danger; }
QLabel[role="chip"] { background: $raised; border-radius: 8px; padding: 1px 8px; color: $muted; font-size: ${small}pt; }

QPushButton {
  background: $surface; border: 1px solid $outline; border-radius: 8px; padding: 6px 14px; color: $text;
  min-height: 20px;
}
QPushButton:hover { background: $raised; }
QPushButton:focus { border: 2px solid $accent; padding: 5px 13px; }
QPushButton:disabled { color: $muted; border-color: $border; background: transparent; }
QPushButton:checked { background: $accent_soft; border-color: $accent; }
QPushButton[kind="primary"] { background: $accent; border: 1px solid $accent; color: $on_accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled { background: $raised; border-color: $border; color: $muted; }
QPushButton[kind="link"] {
  background: transparent; border: 1px solid transparent; color: $link; padding: 4px 1px; text-align: left;
}
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 1px solid $accent; }
QPushButton[kind="line"] {
  background: transparent; border: 1px solid transparent; color: $link; padding: 0 1px; min-height: 0; text-align: left;
}
QPushButton[kind="line"]:hover { text-decoration: underline; }
QPushButton[kind="line"]:focus { border: 1px solid $accent; }
QPushButton[kind="quiet"], QToolButton {
  background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; color: $text;
}
QPushButton[kind="quiet"] { padding: 4px 8px; }
QPushButton[kind="quiet"]:hover, QToolButton:hover { background: $raised; }
QPushButton[kind="quiet"]:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton[kind="quiet"]:disabled, QToolButton:disabled { color: $muted; }
QToolButton:checked { background: $accent_soft; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[fold="true"] { color: $muted; padding: 2px 6px 2px 2px; }
QToolButton[fold="true"]:checked { background: transparent; }
QToolButton[kind="send"] { background: $accent; border: 1px solid $accent; border-radius: 16px; padding: 5px; }
QToolButton[kind="send"]:hover { background: $accent_hover; }
QToolButton[kind="send"]:focus { border: 2px solid $text; padding: 4px; }
QToolButton[kind="send"]:disabled { background: $raised; border-color: $border; }
QToolButton[kind="float"] { background: $surface; border: 1px solid $outline; border-radius: 15px; padding: 5px; }
QToolButton[kind="segment"] { padding: 3px 8px; color: $muted; border-radius: 6px; }
QToolButton[kind="segment"]:checked { background: $accent_soft; color: $text; }
QToolButton[kind="segment"]:focus { border: 1px solid $accent; }

QLineEdit, QComboBox, QSpinBox {
  background: $surface; border: 1px solid $outline; border-radius: 8px; padding: 5px 8px; min-height: 20px;
  selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus { border: 2px solid $accent; padding: 4px 7px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $border; selection-background-color: $accent_soft;
  selection-color: $text; padding: 4px; }
QComboBox { padding-right: 24px; }
QComboBox:focus { padding-right: 23px; }
QComboBox::drop-down { border: none; width: 24px; subcontrol-origin: padding; subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$icons/chevron-down-$tone.svg"); width: 12px; height: 12px; }
QSpinBox::up-button, QSpinBox::down-button { border: none; background: transparent; width: 20px; }
QSpinBox::up-arrow { image: url("$icons/chevron-up-$tone.svg"); width: 12px; height: 12px; }
QSpinBox::down-arrow { image: url("$icons/chevron-down-$tone.svg"); width: 12px; height: 12px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QCheckBox { spacing: 8px; border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QCheckBox:focus { border: 1px solid $accent; }
QCheckBox:disabled { color: $muted; }
QCheckBox::indicator, QTreeView::indicator {
  width: 14px; height: 14px; border: 1px solid $outline; border-radius: 4px; background: $surface;
}
QCheckBox::indicator:checked, QTreeView::indicator:checked, QTreeView::indicator:indeterminate {
  background: $accent; border-color: $accent;
}
QCheckBox::indicator:checked, QTreeView::indicator:checked { image: url("$icons/check-$tick.svg"); }
QTreeView::indicator:indeterminate { image: url("$icons/dash-$tick.svg"); }
QCheckBox::indicator:disabled { background: $raised; border-color: $border; }

QAbstractItemView { background: transparent; border: none; selection-background-color: $accent_soft;
  selection-color: $text; }
QTreeView { padding-left: 4px; }
QTreeView::item { padding: 3px 0; border: none; }
QTreeView::item:hover, QListView::item:hover { background: $raised; }
QTreeView::item:selected, QListView::item:selected { background: $accent_soft; color: $text; }
QTreeView:focus, QListView:focus { border: none; }
QHeaderView { background: transparent; }
QHeaderView::section { background: transparent; color: $muted; border: none; border-bottom: 1px solid $border;
  padding: 4px 8px; font-size: ${small}pt; }
QTextBrowser, QPlainTextEdit, QTextEdit { background: transparent; border: none; color: $text;
  selection-background-color: $accent; selection-color: $on_accent; }
QPlainTextEdit[framed="true"] { background: $surface; border: 1px solid $outline; border-radius: 8px; padding: 4px; }
QPlainTextEdit[framed="true"]:focus { border: 2px solid $accent; padding: 3px; }
QListWidget#mentions { background: $surface; border: 1px solid $outline; border-radius: 8px; padding: 4px; }
QListWidget#surveys::item { padding: 8px; border-radius: 8px; }
QListWidget#mentions::item { padding: 3px 8px; border-radius: 4px; }
QScrollArea, QScrollArea > QWidget > QWidget#canvas { background: $canvas; border: none; }

QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $outline; border-radius: 3px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: $raised; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QFrame[card="plain"] { background: $surface; border: 1px solid $border; border-radius: 12px; }
QFrame[card="accent"] { background: $accent_soft; border: none; border-radius: 12px; }
QFrame[card="danger"] { background: $danger_soft; border: none; border-radius: 12px; }
QFrame[card="warning"] { background: $warning_soft; border: none; border-radius: 12px; }
QFrame[card="drop"] { background: transparent; border: 2px dashed $outline; border-radius: 16px; }
QFrame[card="composer"] { background: $surface; border: 1px solid $outline; border-radius: 16px; }
QFrame[card="quote"] { background: transparent; border: none; border-left: 3px solid $border; }
QFrame[card="bar"] { background: $text; border: none; border-radius: 10px; }
QFrame[card="bar"] QLabel { color: $canvas; }
QFrame[card="bar"] QPushButton, QFrame[card="bar"] QToolButton { color: $canvas; background: transparent;
  border: 1px solid transparent; font-weight: 600; padding: 4px 8px; }
QFrame[card="bar"] QPushButton:hover, QFrame[card="bar"] QToolButton:hover { background: $bar_hover; }
QFrame[card="bar"] QPushButton:focus, QFrame[card="bar"] QToolButton:focus { border: 1px solid $canvas; }
QFrame[edge="right"] { background: $canvas; border: none; border-right: 1px solid $border; }
QFrame[edge="bottom"] { background: $canvas; border: none; border-bottom: 1px solid $border; }
QPushButton[kind="source"] { background: $surface; border: 1px solid $border; border-radius: 10px; text-align: left; }
QPushButton[kind="source"]:hover { background: $raised; }
QPushButton[kind="source"]:focus { border: 2px solid $accent; }
""")


def sheet(colours: Colours, base_pt: float) -> str:
    """The style sheet for `colours`, with font sizes scaled from `base_pt` points."""
    return _SHEET.substitute(
        {name: getattr(colours, name) for name in Colours.__slots__},
        bar_hover="rgba(255,255,255,40)" if not colours.dark else "rgba(0,0,0,40)",
        icons=ICONS.as_posix(),
        tone="dark" if colours.dark else "light",
        tick="dark" if colours.dark else "light",
        small=f"{base_pt * 0.9:.1f}",
        title=f"{base_pt * 1.2:.1f}",
        display=f"{base_pt * 1.6:.1f}",
    )
