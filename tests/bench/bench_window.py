"""Memory of all processes while the window answers a question, and how long its event loop was blocked.

    python -m tests.bench.bench_window --model FILE.gguf [--embedder FILE.gguf] [--contexts 8192,32768] [--tokens 64]

The real window indexes the user guide, a question is typed, and the answer awaited. Printed are the peak of the
window's own process as the operating system counts it, the highest sum over all processes (that of the vector store
too; shared pages count twice), and the longest pauses between two turns of the event loop.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from gui.main_window import MainWindow

GIB = 2**30
QUESTION = "How do I add a folder of documents?"
LIMIT_S = 1800.0


class MemoryWatch:
    """Adds up the resident memory of this process and its children every 200 ms, on a thread of its own."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._ended.wait(0.2):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += int(process.memory_info().rss)
                except psutil.Error:  # it has just ended
                    continue
            self.peak_bytes = max(self.peak_bytes, total)


class LoopWatch:
    """Measures on the GUI thread, every 5 ms, how long the event loop was blocked."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self._pauses_s: list[float] = []
        self._last_s = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def stop(self) -> tuple[float, float]:
        """Return the 99th percentile of the pauses and the longest one, in milliseconds."""
        self._timer.stop()
        self._pauses_s.sort()
        return 1000 * self._pauses_s[int(0.99 * (len(self._pauses_s) - 1))], 1000 * self._pauses_s[-1]

    def _tick(self) -> None:
        now_s = time.perf_counter()
        self._pauses_s.append(now_s - self._last_s)
        self._last_s = now_s


def wait(app: QApplication, what: str, condition: Callable[[], bool]) -> None:
    began_s = time.monotonic()
    while not condition():
        if time.monotonic() - began_s > LIMIT_S:
            raise SystemExit(f"waited in vain: {what}")
        app.processEvents()
        time.sleep(0.001)


def measure(arguments: argparse.Namespace, context: int) -> None:
    """Open the window on a new data directory, ask a question, wait for the answer, print."""
    from PySide6.QtWidgets import QApplication

    from core.guide import guide_folder
    from core.settings import SettingsStore
    from gui.app import make_window
    from gui.garbage_collection import GuiThreadCollector
    from gui.workspace_session import LaunchOptions
    from models.conversation import Sampling
    from tests.bench.bench_memory import peak_bytes

    app = QApplication([])
    collector = GuiThreadCollector(app)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        SettingsStore(data_dir / "settings.toml").change(context_tokens=context, answer_tokens=arguments.tokens)
        memory = MemoryWatch()
        options = LaunchOptions(
            data_dir, arguments.model, arguments.embedder, sampling=Sampling(seed=1), paths=(guide_folder(),)
        )
        window = make_window(app, options, "light")
        window.show()
        window.open_library()
        wait(app, "indexing", lambda: "ready" in window.status.text.text() and not window.bridge.busy)
        answered_s, p99_ms, longest_ms = ask(app, window)
        memory.stop()
        own_gib, all_gib = peak_bytes() / GIB, memory.peak_bytes / GIB
        planned = ""
        if window.workspace is not None and (plan := window.workspace.engines.loaded_plan) is not None:
            weights = "repacked" if plan.repack else "mapped"
            planned = f"; planned {plan.estimated_bytes / GIB:.2f} GiB, weights {weights}"
        print(
            f"context {context}: own process {own_gib:.2f} GiB, all processes {all_gib:.2f} GiB{planned}; "
            f"answered in {answered_s:.0f} s; event loop p99 {p99_ms:.0f} ms, longest {longest_ms:.0f} ms", flush=True,
        )  # fmt: skip
        window.close()
        collector.stop()


def ask(app: QApplication, window: MainWindow) -> tuple[float, float, float]:
    """Type the question and wait for the answer. Return the seconds that took, and what `LoopWatch.stop` returns."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    window.chat.composer.field.setFocus()
    QTest.keyClicks(window.chat.composer.field, QUESTION)
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    loop, asked_s = LoopWatch(), time.monotonic()
    wait(app, "an answer", lambda: any(getattr(w, "message", None) is not None for w in window.chat.messages.shown))
    return time.monotonic() - asked_s, *loop.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--embedder", type=Path)
    parser.add_argument("--contexts", default="8192")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    contexts = [int(part) for part in arguments.contexts.split(",")]
    if arguments.child:
        measure(arguments, contexts[0])
        return
    for context in contexts:
        command = [sys.executable, "-m", "tests.bench.bench_window", "--child", "--contexts", str(context)]
        command += ["--model", str(arguments.model), "--tokens", str(arguments.tokens)]
        command += ["--embedder", str(arguments.embedder)] if arguments.embedder else []
        subprocess.run(command, check=False, env={"QT_QPA_PLATFORM": "offscreen", **os.environ})


if __name__ == "__main__":
    main()
