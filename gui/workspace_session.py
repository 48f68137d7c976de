"""Opens the workspace of the window and closes it, both on worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.jobs import Job
    from core.workspace import Workspace
    from models.conversation import Sampling


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """What the application is started with. `model` and `embedder` take the place of the chosen files; `paths` are
    added to the library once it is open."""

    data_dir: Path
    model: Path | None = None
    embedder: Path | None = None
    sampling: Sampling | None = None
    paths: tuple[Path, ...] = ()


class WorkspaceSession:
    """Holds the workspace from its opening to its closing. Every method is called on a worker thread, never two at
    once, and imports what it needs there: the window is shown before."""

    def __init__(self, options: LaunchOptions) -> None:
        self._options = options
        self._workspace: Workspace | None = None

    def open(self, job: Job, passphrase: str | None = None) -> Workspace:
        """Open the data directory. Raises `WorkspaceFault` (`LockedFault` if a `passphrase` is needed) or
        `StorageFault`; it may then be tried again. `job` takes the progress of what takes long."""
        from core.workspace import Workspace

        options = self._options
        self._workspace = Workspace.open(
            options.data_dir,
            model=options.model,
            embedder=options.embedder,
            sampling=options.sampling,
            passphrase=passphrase,
            job=job,
        )
        return self._workspace

    def release_chat_model(self) -> None:
        """Free the language model's memory. Called on the worker that runs the model."""
        if self._workspace is not None:
            self._workspace.engines.release_chat_model()

    def close(self) -> None:
        """Close the workspace, if it is open. Called once nothing else uses it."""
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            workspace.close()
