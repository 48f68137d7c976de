"""Who comes first: indexing waits while a question is answered, while a person paused it, on battery and in heat."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from models.cancel import CancelToken

CHECK_INTERVAL_S = 0.2
COOL_DOWN_S = 30.0  # the longest wait at once: where it never gets cooler, work still goes on, slowly


class PauseReason(StrEnum):
    """Why indexing waits."""

    QUESTION = "question"
    PAUSED = "paused"
    BATTERY = "battery"
    HEAT = "heat"


class Throttle:
    """Shared by whoever answers and whoever indexes. Any thread. `surroundings` tells of battery and heat."""

    def __init__(self, surroundings: Callable[[], PauseReason | None] = lambda: None, *, paused: bool = False) -> None:
        self._surroundings = surroundings
        self._questions = 0
        self._paused = paused
        self._insisted = False
        self._free = threading.Condition()
        self.held: PauseReason | None = None

    @contextmanager
    def while_answering(self) -> Iterator[None]:
        """Held while a question is worked on; may be held several times at once."""
        with self._free:
            self._questions += 1
        try:
            yield
        finally:
            with self._free:
                self._questions -= 1
                self._free.notify_all()

    @property
    def is_paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """Have indexing wait at its next boundary until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on; on battery, too, from now on, if that was what indexing waited for."""
        with self._free:
            self._insisted = self._insisted or self.held in (PauseReason.BATTERY, PauseReason.HEAT)
            self._paused = False
            self._free.notify_all()

    def wait_while_paused(self, cancel: CancelToken) -> None:
        """Return once nothing holds indexing back; `held` says meanwhile what does. Raises `Cancelled` if stopped."""
        began_s = time.monotonic()
        with self._free:
            try:
                while (hold := self._hold()) is not None:
                    if hold is PauseReason.HEAT and time.monotonic() - began_s > COOL_DOWN_S:
                        break
                    self.held = hold
                    cancel.check()
                    self._free.wait(CHECK_INTERVAL_S)
            finally:
                self.held = None
        cancel.check()

    def _hold(self) -> PauseReason | None:
        if self._paused:
            return PauseReason.PAUSED
        if self._questions:
            return PauseReason.QUESTION
        return None if self._insisted else self._surroundings()
