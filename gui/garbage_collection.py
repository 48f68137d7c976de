"""Runs Python's garbage collection on the GUI thread only: on a worker, it would destroy Qt objects there."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500
SLOW_COLLECTION_S = 0.02


class GuiThreadCollector(QObject):
    """Turns automatic collection off and collects on a timer, by Python's own thresholds, until `stop`.

    A full collection visits every live object, hundreds of thousands once the libraries are loaded. After one that took
    longer than `SLOW_COLLECTION_S`, all live objects are frozen: later ones then visit only newer objects.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collect_due)
        self._timer.start(INTERVAL_MS)

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()

    def _collect_due(self) -> None:
        youngest, middle, oldest = gc.get_count()
        youngest_limit, middle_limit, oldest_limit = self._thresholds
        if youngest <= youngest_limit:
            return
        generation = 0 if middle <= middle_limit else 1 if oldest <= oldest_limit else 2
        started_s = time.perf_counter()
        gc.collect(generation)
        if time.perf_counter() - started_s > SLOW_COLLECTION_S:
            gc.freeze()
