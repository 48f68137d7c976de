"""Counts what one rendering of a chat template does, so that it can neither run for ever nor write without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_STEPS = 200_000  # loop rounds and calls in one rendering, about 1 s; today's templates need a few a message
MAX_TEXT_CHARS = 1 << 25  # of all text that is output or concatenated in one rendering
MAX_ELEMENTS = 5_000_000  # of lists and the like that are looked through in one rendering, under a second
_CONTAINERS = (list, tuple, dict)


class TemplateFailed(Exception):
    """Rendering failed: the template called `raise_exception`, is broken, or exceeded a limit. The text says why."""


class TemplateLimitExceeded(TemplateFailed):
    """The template exceeded a limit; it is not to be tried again with another adaptation."""


class RenderBudget:
    """The steps and characters that are left to one rendering."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._steps, self._chars, self._elements = MAX_STEPS, MAX_TEXT_CHARS, MAX_ELEMENTS

    def count_step(self, count: int = 1) -> None:
        self._steps -= count
        if self._steps < 0:
            raise TemplateLimitExceeded("it does not come to an end")

    def count_chars(self, count: int) -> None:
        self._chars -= count
        if self._chars < 0:
            raise TemplateLimitExceeded("its text does not come to an end")

    def counted(self, value: Any) -> Any:
        """Count the characters of `value`, if it is a string, and return it."""
        if isinstance(value, str):
            self.count_chars(len(value))
        return value

    def seen(self, value: Any) -> Any:
        """Count what looking through `value` costs, as a comparison or a slice does, and return it."""
        if isinstance(value, str):
            self.count_chars(len(value))
        elif isinstance(value, _CONTAINERS):
            self._walk(value, with_text=False)
        return value

    def written(self, value: Any) -> Any:
        """Count what `value` is as text, and return it: a small list may hold another many times."""
        if isinstance(value, _CONTAINERS):
            self._walk(value, with_text=True)
        return self.counted(value)

    def _walk(self, value: Any, *, with_text: bool) -> None:
        left = [value]
        while left:
            container = left.pop()
            self._elements -= len(container)
            if self._elements < 0:
                raise TemplateLimitExceeded("it does not come to an end")
            items = (*container.keys(), *container.values()) if isinstance(container, Mapping) else container
            for item in items:
                if isinstance(item, _CONTAINERS):
                    left.append(item)
                elif with_text and isinstance(item, str):
                    self.count_chars(len(item))

    def one_by_one(self, values: Iterator[Any]) -> Iterator[Any]:
        """Yield `values`, each counted."""
        for value in values:
            self.count_step()
            yield value

    def join(self, *parts: object) -> str:
        """Concatenate `parts`, as the operator `~` does."""
        return "".join(str(self.written(part)) for part in parts)
