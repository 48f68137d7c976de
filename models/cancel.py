"""The flag by which a person stops long work; checked at each natural boundary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.faults import Cancelled


class CancelToken:
    """Set from any thread, read from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def cancel(self) -> None:
        with self._lock:
            self._event.set()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    @contextmanager
    def listened(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at once, on the cancelling thread, if the work is stopped meanwhile (or has been)."""
        with self._lock:
            self._listeners.append(listener)
            stopped = self._event.is_set()
        if stopped:
            listener()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

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
