"""What every part of the window is given: the bridge to the workers, the theme, and what the window remembers."""

from __future__ import annotations

from dataclasses import dataclass

from gui.bridge import Bridge
from gui.style.theme import Theme
from gui.window_state import WindowState


@dataclass(frozen=True, slots=True)
class WindowContext:
    bridge: Bridge
    theme: Theme
    state: WindowState
