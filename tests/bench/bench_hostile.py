"""Indexes a folder of hostile files in one run beside a live event loop: mutants of ten formats and slow texts.

    python3 dev.py bench hostile [--mutants N] [--chars N] [--seed N]

Prints the longest time for which the window's thread was held up, how many files were read and left out, and how many
of the control documents are found afterwards, which must be all.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from core.jobs import Job
from core.workspace import Workspace
from tests.bench.bench_stalls import IDLE_S, longest_gap_s
from tests.support.hostile_folder import make_hostile_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=1000, help="of each format")
    parser.add_argument("--chars", type=int, default=1_000_000, help="of each slow text")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QCoreApplication([])
    print(f"idle: longest gap {longest_gap_s(app, lambda: time.sleep(IDLE_S)) * 1000:.0f} ms", flush=True)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "documents"
        controls = make_hostile_folder(folder, options.mutants, options.chars, options.seed)
        workspace = Workspace.open(Path(root) / "data")
        try:
            began_s = time.perf_counter()
            gap_s = longest_gap_s(app, lambda: _index(workspace, folder))
            took_s = time.perf_counter() - began_s
            states = Counter(document.state.value for document in workspace.library.documents())
            reasons = Counter(document.problem for document in workspace.library.documents() if document.problem)
            found = sum(
                any(passage.path.name == name for passage in workspace.retriever.search(word).passages)
                for name, word in controls.items()
            )
        finally:
            workspace.close()
    print(f"{sum(states.values())} files in {took_s:.0f} s: {dict(states)}; left out: {dict(reasons)}")
    print(f"longest gap {gap_s * 1000:.0f} ms; {found} of {len(controls)} control documents found")


def _index(workspace: Workspace, folder: Path) -> None:
    workspace.library.index([folder], Job())


if __name__ == "__main__":
    main()
