"""The flag by which a person stops long work; checked at each natural boundary."""

from __future__ import annotations

import threading

from models.faults import Cancelled


class CancelToken:
    """Set from any thread, read from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the work was stopped."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, timeout_s: float) -> bool:
        """Sleep up to `timeout_s` seconds, less if stopped meanwhile; True if stopped."""
        return self._event.wait(timeout_s)
