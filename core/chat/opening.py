"""How an answer begins: the mark by which a model says that the passages do not answer the question."""

from __future__ import annotations

DECLINED_MARK = "[none]"


class Opening:
    """Takes the mark off the beginning of an answer while it streams in, and remembers that it was there."""

    def __init__(self) -> None:
        self.declined = False
        self._held = ""
        self._open = True

    def take(self, text: str) -> str:
        """What of the answer so far can be shown now."""
        if not self._open:
            return text
        self._held += text
        begun = self._held.lstrip("*_ \n")
        if DECLINED_MARK.startswith(begun.casefold()) and begun.casefold() != DECLINED_MARK:
            return ""
        if begun.casefold().startswith(DECLINED_MARK):
            self.declined = True
            self._held = begun[len(DECLINED_MARK) :].lstrip("*_ \n:.")
            if not self._held:
                return ""  # what follows may be white space that belongs to the mark
        return self.rest()

    def rest(self) -> str:
        """What is still held back, at the end."""
        self._open = False
        held, self._held = self._held, ""
        return held
