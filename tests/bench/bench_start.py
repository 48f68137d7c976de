"""Time from the start of the process to a window on screen, against a bare PySide6 window; the two take turns.

    python tests/bench/bench_start.py [--rounds N] [--documents N] [--data-dir DIR]

Prints medians in milliseconds. The aim: with 1,000 documents indexed, at most twice the time of a bare window.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

BARE = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

class Window(QMainWindow):
    seen = False
    def paintEvent(self, event):
        super().paintEvent(event)
        if not self.seen:
            self.seen = True
            QTimer.singleShot(0, self.report)
    def report(self):
        print("seen", time.monotonic(), flush=True)
        QApplication.quit()

app = QApplication([])
window = Window()
window.setCentralWidget(QLabel("bare"))
window.resize(1200, 780)
window.show()
app.exec()
"""

PAPERMOOR = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMainWindow
from gui.main_window import MainWindow

def paint(self, event):
    QMainWindow.paintEvent(self, event)
    if not hasattr(self, "seen"):
        self.seen = True
        QTimer.singleShot(0, self, lambda: print("seen", time.monotonic(), flush=True))
        self.watch = QTimer(self)
        self.watch.timeout.connect(lambda: check(self))
        self.watch.start(2)

def check(window):
    if window.library is not None and window.library.tree.total:
        window.watch.stop()
        print("listed", time.monotonic(), flush=True)
        window.close()

MainWindow.paintEvent = paint
from gui.__main__ import main
sys.exit(main(["--data-dir", sys.argv[1]]))
"""


def started(code: str, *arguments: str) -> dict[str, float]:
    """Milliseconds from the start of a process to each line of its output, by the line's first word."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    if not lines:
        raise SystemExit(done.stderr)
    return {name: 1000 * (float(at_s) - began_s) for name, at_s in lines}


def index_documents(data_dir: Path, count: int) -> None:
    from core.jobs import Job
    from core.workspace import Workspace

    folder = data_dir / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        text = f"# Document {number}\n\n" + f"The harbour of town {number} has {number % 90} berths. " * 40
        (folder / f"{number:05}.md").write_text(text, encoding="utf-8")
    workspace = Workspace.open(data_dir)
    try:
        report = workspace.library.index([folder], Job())
    finally:
        workspace.close()
    print(f"{report.documents} documents indexed in {report.seconds:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--data-dir", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = arguments.data_dir or Path(temporary)
        if not (data_dir / "library.db").exists():
            index_documents(data_dir, arguments.documents)
        bare: list[float] = []
        ours: list[float] = []
        listed: list[float] = []
        for number in range(arguments.rounds + 1):
            bare_times, our_times = started(BARE), started(PAPERMOOR, str(data_dir))
            if number:  # the first round warms the file cache
                bare.append(bare_times["seen"])
                ours.append(our_times["seen"])
                listed.append(our_times["listed"])
    print(f"bare window       {statistics.median(bare):7.0f} ms   (least {min(bare):.0f})")
    print(f"Papermoor         {statistics.median(ours):7.0f} ms   (least {min(ours):.0f})")
    print(f"documents listed  {statistics.median(listed):7.0f} ms   (least {min(listed):.0f})")
    print(f"ratio             {statistics.median(ours) / statistics.median(bare):7.2f}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
