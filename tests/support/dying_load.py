"""A program that ends within the native call that loads a model, as too little memory or a bug in native code would.

`python -m tests.support.dying_load DATA_DIR DEATH WAYS KIND...` loads the chosen models of each KIND (chat, embedder,
reranker) at the same time and ends when all that are to die are being loaded.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.jobs import Job
from core.workspace import Workspace
from models.llama.native import LoadSettings, NativeModel

DEATHS: dict[str, Callable[[], None]] = {
    "abort": os.abort,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(7),
}
EXIT_CODE_OF_DEATH = {"abort": -signal.SIGABRT, "kill": -signal.SIGKILL, "exit": 7}
"""The exit code of a process by the way it died, negative for a signal."""


def run_loading(data_dir: Path, death: str, kinds: str, *, only_fast: bool = False) -> int:
    """Load the models of `kinds` in a process of its own, which dies of that (with `only_fast`, only if weights are
    rearranged). Return its exit code, negative for a signal, 0 if nothing killed it."""
    words = ("-m", "tests.support.dying_load", str(data_dir), death, "fast" if only_fast else "any", *kinds.split())
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONFAULTHANDLER": ""}
    done = subprocess.run((sys.executable, *words), capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode not in (0, EXIT_CODE_OF_DEATH[death]):
        raise AssertionError(done.stderr)
    return done.returncode


def die_loading(path: str, safe_mode: bool) -> None:
    """Takes the place of loading a model, for a file that ends every process that loads it."""
    os.abort()


def _main(data_dir: Path, death: str, ways: str, kinds: list[str]) -> None:
    all_loading = threading.Barrier(len(kinds), DEATHS[death])
    load = NativeModel.load

    def dying(path: Path, settings: LoadSettings, **rest: Any) -> NativeModel:
        if ways == "any" or not settings.mmap:
            rest["report"] = lambda progress: all_loading.wait()  # llama.cpp calls it within the native call
        return load(path, settings, **rest)

    NativeModel.load = dying  # type: ignore[method-assign]  # see the module sentence
    workspace = Workspace.open(data_dir)
    engines, job = workspace.engines, Job()
    loads: dict[str, Callable[[], object]] = {
        "chat": lambda: engines.load_chat_model(job.report, job.cancel),
        "embedder": engines.embedder,
        "reranker": engines.reranker,
    }
    with ThreadPoolExecutor(len(kinds)) as pool:
        for loaded in [pool.submit(loads[kind]) for kind in kinds]:
            loaded.result()
    workspace.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
