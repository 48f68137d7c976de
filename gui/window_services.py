"""What the window works with once the workspace is open."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from core.workspace import Workspace
from gui.bridge import Bridge
from gui.chat.turn_controller import TurnController
from gui.chat_model_coordinator import ChatModelCoordinator
from gui.documents.actions import LibraryActions
from gui.guide import GuideOpener
from gui.models.actions import ModelActions


@dataclass(frozen=True, slots=True)
class WindowServices:
    """Used on the GUI thread; each runs its work on workers. The methods of `workspace` itself belong on workers."""

    workspace: Workspace
    library: LibraryActions
    models: ModelActions
    turns: TurnController
    coordinator: ChatModelCoordinator
    guide: GuideOpener

    @classmethod
    def create(cls, bridge: Bridge, workspace: Workspace, parent: QObject) -> WindowServices:
        """Create all of them, owned by `parent`."""
        library = LibraryActions(bridge, workspace, parent)
        models = ModelActions(bridge, workspace, parent)
        turns = TurnController(bridge, workspace, parent)
        coordinator = ChatModelCoordinator(models, turns, parent)
        return cls(workspace, library, models, turns, coordinator, GuideOpener(bridge, workspace, library, parent))
