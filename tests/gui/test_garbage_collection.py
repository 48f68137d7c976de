"""Garbage is collected on the GUI thread."""

from __future__ import annotations

import gc
import threading

from pytestqt.qtbot import QtBot

from gui.garbage_collection import GuiThreadCollector
from tests.support.window import wait


def test_garbage_is_collected_by_the_gui_thread_only(qtbot: QtBot) -> None:
    was_enabled = gc.isenabled()
    collector = GuiThreadCollector()
    try:
        assert not gc.isenabled()
        threads: list[str] = []

        def note(phase: str, info: object) -> None:
            if phase == "start":
                threads.append(threading.current_thread().name)

        gc.callbacks.append(note)
        kept = [[number] for number in range(5000)]
        wait(qtbot, lambda: bool(threads))
        gc.callbacks.remove(note)
        assert set(threads) == {"MainThread"} and len(kept) == 5000
    finally:
        collector.stop()
        if not was_enabled:
            gc.disable()
