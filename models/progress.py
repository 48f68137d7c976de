"""Progress of long work: the value, and the type of the callback that receives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` in `unit` ("bytes", "files", "tokens"). `total` is 0 and `seconds_left` None if unknown.
    `pages` counts the pages of the documents read so far."""

    done: int
    total: int
    unit: str
    detail: str = ""
    seconds_left: float | None = None
    pages: int = 0


ReportProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Do nothing: the default for callers that show no progress."""
