"""How an answer begins: the mark by which a model says that the passages do not answer the question."""

from __future__ import annotations

REFUSAL_MARKER = "[none]"
_SKIPPED_BEFORE = "*_ \n"
_SKIPPED_AFTER = "*_ \n:."


class RefusalMarkerFilter:
    """Takes the mark off the beginning of an answer while it streams in, and remembers that it was there."""

    def __init__(self) -> None:
        self.refused = False
        self._buffer = ""
        self._passes_through = False

    def feed(self, text: str) -> str:
        """What of the answer so far can be shown now."""
        if self._passes_through:
            return text
        self._buffer += text
        start = self._buffer.lstrip(_SKIPPED_BEFORE).casefold()
        if not self.refused and start.startswith(REFUSAL_MARKER):
            self.refused = True
            self._buffer = self._buffer.lstrip(_SKIPPED_BEFORE)[len(REFUSAL_MARKER) :]
        if self.refused:
            self._buffer = self._buffer.lstrip(_SKIPPED_AFTER)
            return self.flush() if self._buffer else ""
        return "" if REFUSAL_MARKER.startswith(start) else self.flush()

    def flush(self) -> str:
        """What is still held back, at the end."""
        held, self._buffer = self._buffer, ""
        self._passes_through = self._passes_through or bool(held)
        return held
