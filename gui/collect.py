"""Garbage collection on the GUI thread only: collected on a worker, a Qt object would be destroyed there."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500
SLOW_COLLECTION_S = 0.02


class GuiThreadCollector(QObject):
    """Switches automatic collection off and collects from a timer, by Python's own thresholds.

    A full collection walks every live object (hundreds of thousands once the libraries are loaded). When one took
    longer than `SLOW_COLLECTION_S`, what is alive is frozen, so that the next walks only what came after it.
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
        limits = self._thresholds
        if youngest <= limits[0]:
            return
        generation = 2 if oldest > limits[2] and middle > limits[1] else 1 if middle > limits[1] else 0
        started_s = time.perf_counter()
        gc.collect(generation)
        if time.perf_counter() - started_s > SLOW_COLLECTION_S:
            gc.freeze()
