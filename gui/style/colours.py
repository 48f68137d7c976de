"""The light and the dark colours, with one accent each; every text has a contrast of at least 4.5 (WCAG 2.2 AA)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours by their purpose, as #rrggbb."""

    dark: bool
    canvas: str  # the window's background
    surface: str  # lists, fields, cards
    raised: str  # hover, alternate rows
    border: str
    outline: str  # the edge of a control, which must be visible
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str  # selection, the bubble of a question
    link: str
    mark: str  # behind highlighted text
    on_mark: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str


LIGHT = Colours(
    dark=False,
    canvas="#f6f5f1",
    surface="#ffffff",
    raised="#f0eee8",
    border="#e0ddd4",
    outline="#a39f94",
    text="#1d2220",
    muted="#5c635f",
    accent="#17616c",
    accent_hover="#114d57",
    on_accent="#ffffff",
    accent_soft="#deecee",
    link="#145a65",
    mark="#fdeab0",
    on_mark="#1d2220",
    danger="#a3322b",
    danger_soft="#fbe9e7",
    warning="#855400",
    warning_soft="#fdf1d7",
)

DARK = Colours(
    dark=True,
    canvas="#171a19",
    surface="#1f2322",
    raised="#2a2f2d",
    border="#353b39",
    outline="#6d7571",
    text="#e6e9e7",
    muted="#a4aca8",
    accent="#62b6c2",
    accent_hover="#7fc8d2",
    on_accent="#08222a",
    accent_soft="#1f3d43",
    link="#85ccd6",
    mark="#57480f",
    on_mark="#fff3cd",
    danger="#f2938a",
    danger_soft="#41231f",
    warning="#e5b567",
    warning_soft="#3b301a",
)


def palette(colours: Colours) -> QPalette:
    """The Qt palette, for what the style sheet does not reach: Qt's own dialogs, disabled text, tooltips."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, colour in (
        (roles.Window, colours.canvas),
        (roles.WindowText, colours.text),
        (roles.Base, colours.surface),
        (roles.AlternateBase, colours.raised),
        (roles.ToolTipBase, colours.surface),
        (roles.ToolTipText, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Text, colours.text),
        (roles.Button, colours.surface),
        (roles.ButtonText, colours.text),
        (roles.BrightText, colours.on_accent),
        (roles.Link, colours.link),
        (roles.LinkVisited, colours.link),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.Accent, colours.accent),
        (roles.Light, colours.surface),
        (roles.Midlight, colours.raised),
        (roles.Mid, colours.border),
        (roles.Dark, colours.outline),
        (roles.Shadow, "#000000"),
    ):
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        faded = QColor(colours.muted)
        faded.setAlphaF(0.75)
        result.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return result


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(QColor(one)), _luminance(QColor(other))))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
