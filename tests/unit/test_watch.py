"""Watching: what changed in the folders is told, once, until it is indexed or changes again."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.library.watch import FolderWatcher
from core.parsing.pool import ParserPool
from models.cancel import CancelToken
from tests.support.libraries import OpenLibrary, open_library

TIMEOUT_S = 30.0


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenLibrary]:
    with ParserPool(1) as pool, open_library(tmp_path / "data", pool) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("a", "b"):
        put(folder / f"{name}.txt", f"This is {name}.")
    return folder


def put(path: Path, text: str) -> None:
    path.write_text(text)
    changed_ns = time.time_ns() - 100 * 10**9
    os.utime(path, ns=(changed_ns, changed_ns))


def different(opened: OpenLibrary) -> list[str]:
    return [path.name for path, _ in opened.library.differences(CancelToken())]


def test_nothing_differs_right_after_indexing(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    assert different(opened) == []


def test_new_changed_renamed_and_deleted_files_make_a_difference(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    changes = (
        lambda: put(folder / "c.txt", "This is c."),
        lambda: put(folder / "a.txt", "This is a no more."),
        lambda: (folder / "b.txt").rename(folder / "d.txt"),
        lambda: (folder / "d.txt").unlink(),
    )
    for change in changes:
        change()
        assert different(opened) == ["documents"]
        opened.index(folder)
        assert different(opened) == []


def test_a_folder_that_is_not_there_makes_no_difference(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    folder.rename(folder.with_name("unplugged"))
    assert different(opened) == []


def test_the_watcher_tells_of_a_change_once(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    told: queue.SimpleQueue[tuple[Path, ...]] = queue.SimpleQueue()
    watcher = FolderWatcher(opened.library, told.put, shortest_pause_s=0.01)
    put(folder / "c.txt", "This is c.")
    watcher.start()
    try:
        assert told.get(timeout=TIMEOUT_S) == (folder,)
        put(folder / "e.txt", "This is e.")
        assert told.get(timeout=TIMEOUT_S) == (folder,)
        opened.index(folder)
        (folder / "e.txt").unlink()
        watcher.look_now()
        assert told.get(timeout=TIMEOUT_S) == (folder,)
    finally:
        watcher.close()
    assert told.empty()
