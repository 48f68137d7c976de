"""The marker with which a model begins an answer if the passages do not answer the question."""

from __future__ import annotations

REFUSAL_MARKER = "[none]"
_SKIPPED_BEFORE = "*_ \n"
_SKIPPED_AFTER = "*_ \n:."


class RefusalMarkerFilter:
    """Removes the marker from the beginning of a streamed answer. `refused` is True once it has been found."""

    def __init__(self) -> None:
        self.refused = False
        self._skipped: list[str] = []  # what may stand before the marker
        self._buffer = ""
        self._passes_through = False

    def feed(self, text: str) -> str:
        """Take the next piece of the answer; return the text that can be shown now."""
        if self._passes_through:
            return text
        if not self.refused and not self._buffer:
            stripped = text.lstrip(_SKIPPED_BEFORE)
            self._skipped.append(text[: len(text) - len(stripped)])
            text = stripped
        self._buffer += text
        start = self._buffer.casefold()
        if not self.refused and start.startswith(REFUSAL_MARKER):
            self.refused = True
            self._buffer = self._buffer[len(REFUSAL_MARKER) :]
            self._skipped.clear()
        if self.refused:
            self._buffer = self._buffer.lstrip(_SKIPPED_AFTER)
            return self.flush() if self._buffer else ""
        return "" if REFUSAL_MARKER.startswith(start) else self.flush()

    def flush(self) -> str:
        """Return the text that is still held back. To be called at the end of the answer."""
        text, self._buffer = "".join((*self._skipped, self._buffer)), ""
        self._skipped.clear()
        self._passes_through = self._passes_through or bool(text)
        return text
