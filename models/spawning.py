"""Spawns a child process that does not run the main module of this program again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import ModuleType

_lock = threading.Lock()  # the main module is replaced for the whole program


def start(process: BaseProcess) -> None:
    """Start a process of the "spawn" context. Any thread."""
    with _lock, _main_module_hidden():
        process.start()


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    """Hide the main module from `multiprocessing`: a spawned child would run it again under another name, and it is the
    window, the command line or the test runner, which are slow to import at best."""
    real = sys.modules["__main__"]
    sys.modules["__main__"] = _MainModuleProxy(real)
    try:
        yield
    finally:
        sys.modules["__main__"] = real


class _MainModuleProxy(ModuleType):
    """Passes for the main module everywhere but in `multiprocessing`, which finds no file and no name to run."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__("__main__")
        self._real = real

    def __getattr__(self, name: str) -> object:
        if name == "__file__":
            raise AttributeError(name)
        return getattr(self._real, name)
