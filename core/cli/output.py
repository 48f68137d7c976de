"""Output to a terminal: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

from core.domain.documents import Citation, Passage
from core.domain.durations import time_left
from core.domain.locations import location_words, section_words
from core.i18n import tr
from core.text.printable import printable, printable_json, printable_line
from models.progress import Progress

PROGRESS_LINE_INTERVAL_S = 5.0  # between lines of progress if stderr is not a terminal


class Output:
    """Prints results, as text or as JSON, and progress apart from them."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._width = 0
        self._last_line_s = time.monotonic()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def result(self, value: dict[str, Any]) -> None:
        """Print a result as one line of JSON."""
        print(printable_json(json.dumps(value, ensure_ascii=False)), flush=True)

    def line(self, text: str = "") -> None:
        """Print a line of the result."""
        self.write(text + "\n", sys.stdout)

    def progress(self, progress: Progress) -> None:
        """Show progress: on a terminal in one line that is redrawn, elsewhere as a line every few seconds."""
        text = printable_line(_progress_text(progress))
        if sys.stderr.isatty():
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)
        elif time.monotonic() - self._last_line_s >= PROGRESS_LINE_INTERVAL_S:
            self._last_line_s = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Print a note for the person on stderr."""
        self.write(text + "\n", sys.stderr)

    def write(self, text: str, stream: TextIO) -> None:
        """Write text as it comes. On a terminal, control characters that documents or answers hold are made visible;
        elsewhere a program may want them."""
        self.finish_progress()
        stream.write(printable(text) if stream.isatty() else text)
        stream.flush()

    def finish_progress(self) -> None:
        """Clear the line of progress."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def location_text(passage: Passage | Citation) -> str:
    """Return where a passage is: its file, page or the like, and section."""
    where = ", ".join(filter(None, (str(passage.path), location_words(passage))))
    section = section_words(passage)
    return printable_line(f"{where} ({section})" if section else where)


def _progress_text(progress: Progress) -> str:
    amount = str(progress.done)
    if progress.unit == "bytes":
        amount = f"{progress.done / 1e9:.2f} GB"
    if progress.total:
        percent = 100 * progress.done // progress.total
        amount = f"{percent} %"
        if progress.unit != "bytes":
            amount += f" ({progress.done}/{progress.total})"
    parts = [
        amount,
        tr(progress.detail) if progress.detail else "",
    ]  # the name of a file, or a text of models that is still to be translated
    parts.append(time_left(progress.seconds_left))
    return "  ".join(part for part in parts if part)[:100]
