"""The flag that cancels long work; the work checks it at each natural boundary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.faults import Cancelled


class CancelToken:
    """A cancel flag that is set once. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Set the flag, wake `wait`, and run the listeners on the calling thread."""
        with self._lock:
            self._event.set()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    @contextmanager
    def on_cancel(self, listener: Callable[[], None]) -> Iterator[None]:
        """Within the context, call `listener` as soon as the work is cancelled, on the cancelling thread; if it is
        cancelled already, at once on this one."""
        with self._lock:
            self._listeners.append(listener)
            already_cancelled = self._event.is_set()
        if already_cancelled:
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
        """Raise `Cancelled` if the work was cancelled."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, timeout_s: float) -> bool:
        """Sleep for `timeout_s` seconds or until cancelled; return whether it was cancelled."""
        return self._event.wait(timeout_s)
