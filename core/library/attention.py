"""Who comes first: while a question is being answered, indexing waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from models.cancel import CancelToken

CHECK_INTERVAL_S = 0.2


class Attention:
    """Shared by whoever answers and whoever indexes. Any thread."""

    def __init__(self) -> None:
        self._questions = 0
        self._free = threading.Condition()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Held while a question is worked on; may be held several times at once."""
        with self._free:
            self._questions += 1
        try:
            yield
        finally:
            with self._free:
                self._questions -= 1
                self._free.notify_all()

    def give_way(self, cancel: CancelToken) -> None:
        """Return once no question is being answered. Raises `Cancelled` if stopped meanwhile."""
        with self._free:
            while self._questions:
                cancel.check()
                self._free.wait(CHECK_INTERVAL_S)
        cancel.check()
