"""The longest time for which the window's thread is held up while hostile texts are indexed beside it.

    python3 dev.py bench stalls [--size BYTES] [--seed N]

A timer of the Qt event loop ticks every millisecond; the longest gap between two ticks is printed for each kind of
text, and that of an idle second for comparison. Indexing runs on a worker thread, as in the window. Keywords only: an
embedding model gives back the interpreter's lock while it computes.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.parsing.process.pool import ParserPool
from tests.support.libraries import OpenLibrary, open_library
from tests.support.slow_texts import slow_texts

TICK_MS = 1
IDLE_S = 1.0


class GapTimer:
    """Measures gaps between ticks of the event loop on the thread that made it."""

    def __init__(self) -> None:
        self._last_s = time.perf_counter()
        self.longest_s = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last_s)
        self._last_s = now


def longest_gap_s(app: QCoreApplication, work: Callable[[], None]) -> float:
    """The longest gap while `work` runs on another thread."""
    thread = threading.Thread(target=work, daemon=True)
    done = QTimer()
    done.timeout.connect(lambda: None if thread.is_alive() else app.quit())
    done.start(20)
    gaps = GapTimer()
    thread.start()
    app.exec()
    return gaps.longest_s


def index(opened: OpenLibrary, path: Path) -> None:
    opened.library.index([path], Job())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=1_000_000, help="characters of each text")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QCoreApplication([])
    print(f"{'idle':28}{longest_gap_s(app, lambda: time.sleep(IDLE_S)) * 1000:8.0f} ms")
    with tempfile.TemporaryDirectory() as folder, ParserPool(1, cutter=cut_document) as pool:
        with open_library(Path(folder) / "data", pool) as opened:
            for number, (name, text) in enumerate(slow_texts(options.size, random.Random(options.seed)).items()):
                path = Path(folder) / f"{number}.{'md' if number % 2 else 'txt'}"
                path.write_text(text, encoding="utf-8")
                began_s = time.perf_counter()
                gap_s = longest_gap_s(app, lambda path=path: index(opened, path))  # type: ignore[misc]
                states = {one.path.name: one.state.value for one in opened.library.documents()}
                took_s = time.perf_counter() - began_s
                print(f"{name:28}{gap_s * 1000:8.0f} ms{took_s:8.1f} s  {states.get(path.name)}", flush=True)


if __name__ == "__main__":
    main()
