"""Progress of long work as a value, and the callback that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` in `unit` ("bytes", "files", "tokens"); `total` 0 and `seconds_left` None if unknown. `pages`
    counts those of the documents that were read."""

    done: int
    total: int
    unit: str
    detail: str = ""
    seconds_left: float | None = None
    pages: int = 0


ReportProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """For callers that show nothing."""
