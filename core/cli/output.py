"""What a terminal is shown: one line of progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from core.domain.documents import Citation, Passage
from core.domain.locations import location_words, section_words
from core.i18n import tr
from models.progress import Progress

PROGRESS_LINE_INTERVAL_S = 5.0  # between progress lines where there is no terminal to redraw


class Output:
    """Prints results as words or as JSON, and progress so that it never mixes with them."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._width = 0
        self._last_line_s = time.monotonic()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def result(self, value: dict[str, Any]) -> None:
        print(json.dumps(value, ensure_ascii=False), flush=True)

    def line(self, text: str = "") -> None:
        print(text, flush=True)

    def progress(self, progress: Progress) -> None:
        """Show `progress`: redrawn in place on a terminal, now and then a line elsewhere."""
        text = _progress_text(progress)
        if sys.stderr.isatty():
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)
        elif time.monotonic() - self._last_line_s >= PROGRESS_LINE_INTERVAL_S:
            self._last_line_s = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """A remark for the person, on stderr."""
        self.finish_progress()
        print(text, file=sys.stderr, flush=True)

    def finish_progress(self) -> None:
        """Clear the progress line."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def location_text(place: Passage | Citation) -> str:
    """Where a passage stands: file, page or the like, heading."""
    where = ", ".join(filter(None, (str(place.path), location_words(place))))
    section = section_words(place)
    return f"{where} ({section})" if section else where


def _progress_text(progress: Progress) -> str:
    amount = str(progress.done)
    if progress.unit == "bytes":
        amount = f"{progress.done / 1e9:.2f} GB"
    if progress.total:
        percent = 100 * progress.done // progress.total
        amount = f"{percent} %"
        if progress.unit != "bytes":
            amount += f" ({progress.done}/{progress.total})"
    parts = [amount, tr(progress.detail) if progress.detail else ""]  # a file's name, or a template of models
    if progress.seconds_left is not None:
        parts.append(tr("about {seconds} s left", seconds=round(progress.seconds_left)))
    return "  ".join(part for part in parts if part)[:100]
