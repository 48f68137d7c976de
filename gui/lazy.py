"""A part of the window that is created when it is first needed, so that the window opens sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Holds what `create` returns, once it is asked for. GUI thread."""

    def __init__(self, create: Callable[[], T]) -> None:
        self._create = create
        self.existing: T | None = None

    def get(self) -> T:
        """Return the value; create it the first time."""
        if self.existing is None:
            self.existing = self._create()
        return self.existing
