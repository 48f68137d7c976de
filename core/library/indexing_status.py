"""How far a running index job is, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from core.library.throttle import PauseReason
from models.progress import Progress

RESUMABLE = frozenset({PauseReason.PAUSED, PauseReason.BATTERY, PauseReason.HEAT})
"""Pauses that a person may end; only a question that is being answered always comes first."""


@dataclass(frozen=True, slots=True)
class IndexingStatus:
    """`total` is 0 while files are still being counted. `unit` is "files" while they are read, "passages" while they
    are embedded, "passages anew" while they are embedded for another model. `detail` is the name of the current
    file."""

    done: int = 0
    total: int = 0
    unit: str = "files"
    detail: str = ""
    seconds_left: float | None = None
    pages: int = 0
    stopping: bool = False
    pause_reason: PauseReason | None = None

    @classmethod
    def of(cls, progress: Progress, pause_reason: PauseReason | None) -> IndexingStatus:
        return cls(
            progress.done,
            progress.total,
            progress.unit,
            progress.detail,
            progress.seconds_left,
            progress.pages,
            pause_reason=pause_reason,
        )

    @property
    def resumable(self) -> bool:
        """Whether it waits for something that a person may overrule."""
        return self.pause_reason in RESUMABLE
