"""What a person sees while Papermoor is set up: one line of progress, and the sentence that ends it."""

from __future__ import annotations

import sys
import time
from typing import TextIO

QUIET_INTERVAL_S = 20.0
WIDTH = 100


class Stopped(Exception):
    """The set-up cannot go on; the text says what is missing and what to do, in whole sentences."""


def elapsed(seconds: float) -> str:
    """`seconds` as a person says it: "45 s", "3 min 20 s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class ProgressLine:
    """One line that is rewritten on a terminal; elsewhere (a log) a new line every `QUIET_INTERVAL_S` seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._rewrites = self._stream.isatty()
        self._started_s = time.monotonic()
        self._shown_s = float("-inf")
        self._open = False

    def start(self, text: str) -> None:
        """Begin a stage: `text` is shown at once and the clock starts again."""
        self._started_s = time.monotonic()
        self._shown_s = float("-inf")
        self.show(text)

    def show(self, text: str) -> None:
        """Say how far the stage is; the time since its start is added."""
        now_s = time.monotonic()
        if not self._rewrites and now_s - self._shown_s < QUIET_INTERVAL_S:
            return
        self._shown_s = now_s
        taken_s = now_s - self._started_s
        line = f"{text} ({elapsed(taken_s)})" if taken_s >= 1 else text
        if self._rewrites:
            self._stream.write("\r" + line[:WIDTH].ljust(WIDTH))
            self._open = True
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def finish(self, text: str) -> None:
        """End a stage with a line that stays."""
        self.start(text)
        self.close()

    def close(self) -> None:
        """Leave the terminal at the start of a fresh line."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False
