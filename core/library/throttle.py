"""Makes indexing wait while a question is answered, while a person paused it, on battery and in heat."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from models.cancel import CancelToken

CHECK_INTERVAL_S = 0.2
LONGEST_HEAT_PAUSE_S = 30.0  # at once: where it never gets cooler, work continues, slowly


class PauseReason(StrEnum):
    """Why indexing waits."""

    QUESTION = "question"
    PAUSED = "paused"
    BATTERY = "battery"
    HEAT = "heat"


class Throttle:
    """Shared by answering and indexing. Any thread. `power_monitor` reports battery and heat. `pause_reason` is why
    indexing waits just now, None while it does not wait."""

    def __init__(self, power_monitor: Callable[[], PauseReason | None] = lambda: None, *, paused: bool = False) -> None:
        self._power_monitor = power_monitor
        self._questions = 0
        self._paused = paused
        self._overruled = False
        self._changed = threading.Condition()
        self.pause_reason: PauseReason | None = None

    @contextmanager
    def while_answering(self) -> Iterator[None]:
        """A context in which a question is worked on; may be entered several times at once."""
        with self._changed:
            self._questions += 1
        try:
            yield
        finally:
            with self._changed:
                self._questions -= 1
                self._changed.notify_all()

    @property
    def is_paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """Pause indexing at its next boundary until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Resume; on battery too, from now on, if that was the reason for waiting."""
        with self._changed:
            self._overruled = self._overruled or self.pause_reason in (PauseReason.BATTERY, PauseReason.HEAT)
            self._paused = False
            self._changed.notify_all()

    def wait_while_paused(self, cancel: CancelToken) -> None:
        """Return once there is no reason to wait; meanwhile `pause_reason` names it. Raises `Cancelled` if stopped."""
        began_s = time.monotonic()
        with self._changed:
            try:
                while (reason := self._reason_to_wait()) is not None:
                    if reason is PauseReason.HEAT and time.monotonic() - began_s > LONGEST_HEAT_PAUSE_S:
                        break
                    self.pause_reason = reason
                    cancel.check()
                    self._changed.wait(CHECK_INTERVAL_S)
            finally:
                self.pause_reason = None
        cancel.check()

    def _reason_to_wait(self) -> PauseReason | None:
        if self._paused:
            return PauseReason.PAUSED
        if self._questions:
            return PauseReason.QUESTION
        return None if self._overruled else self._power_monitor()
