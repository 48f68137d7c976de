"""How an answer begins: the mark by which a model says that the passages do not answer the question."""

from __future__ import annotations

DECLINED_MARK = "[none]"
_BEFORE = "*_ \n"
_AFTER = "*_ \n:."


class RefusalMarkerFilter:
    """Takes the mark off the beginning of an answer while it streams in, and remembers that it was there."""

    def __init__(self) -> None:
        self.declined = False
        self._held = ""
        self._begun = False

    def take(self, text: str) -> str:
        """What of the answer so far can be shown now."""
        if self._begun:
            return text
        self._held += text
        start = self._held.lstrip(_BEFORE).casefold()
        if not self.declined and start.startswith(DECLINED_MARK):
            self.declined = True
            self._held = self._held.lstrip(_BEFORE)[len(DECLINED_MARK) :]
        if self.declined:
            self._held = self._held.lstrip(_AFTER)
            return self.rest() if self._held else ""
        return "" if DECLINED_MARK.startswith(start) else self.rest()

    def rest(self) -> str:
        """What is still held back, at the end."""
        held, self._held = self._held, ""
        self._begun = self._begun or bool(held)
        return held
