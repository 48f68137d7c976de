"""Watching: what changed in the folders is reported once, until it is indexed or changes again."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.chunking.chunker import cut_document
from core.library import watch as watch_module
from core.library.watch import system_events, watch
from core.parsing.process.pool import ParserPool
from models.cancel import CancelToken
from tests.support.libraries import OpenLibrary, open_library

TIMEOUT_S = 30.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for added folders more often than a person's computer should."""
    monkeypatch.setattr(watch_module, "TICK_S", 0.3)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenLibrary]:
    with ParserPool(1, cutter=cut_document) as pool, open_library(tmp_path / "data", pool) as opened:
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


def names_of_different_folders(opened: OpenLibrary) -> list[str]:
    return [path.name for path, _ in opened.library.differences(CancelToken())]


def test_nothing_differs_right_after_indexing(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    assert names_of_different_folders(opened) == []


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
        assert names_of_different_folders(opened) == ["documents"]
        opened.index(folder)
        assert names_of_different_folders(opened) == []


def test_a_folder_that_disappears_or_returns_makes_a_difference_once(opened: OpenLibrary, folder: Path) -> None:
    before = opened.index(folder).documents
    for old, new in ((folder, folder.with_name("unplugged")), (folder.with_name("unplugged"), folder)):
        old.rename(new)
        assert names_of_different_folders(opened) == ["documents"]
        assert opened.index(folder).documents == before
        assert names_of_different_folders(opened) == []


class Watching:
    """The watch on a thread of its own, as the window runs it."""

    def __init__(self, opened: OpenLibrary, **options: object) -> None:
        self.reported: queue.SimpleQueue[tuple[Path, ...]] = queue.SimpleQueue()
        self._cancel = CancelToken()
        self._thread = threading.Thread(target=self._run, args=(opened, options))
        self._thread.start()

    def _run(self, opened: OpenLibrary, options: dict[str, Any]) -> None:
        for paths in watch(opened.library, self._cancel, **options):
            self.reported.put(paths)

    def next(self) -> tuple[Path, ...]:
        return self.reported.get(timeout=TIMEOUT_S)

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *exception: object) -> None:
        self._cancel.cancel()
        self._thread.join()


def ticking(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
    """No events, and no pause either."""
    while not cancel.wait(0.01):
        yield frozenset()


def test_system_events_report_each_change_where_it_was(opened: OpenLibrary, folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    put(folder / "deep" / "er" / "x.txt", "This is x.")
    opened.index(folder)
    started = threading.Event()

    def events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
        for happened in system_events(folders, cancel):
            yield happened
            started.set()

    with Watching(opened, events=events, rescan_s=3600) as watching:
        # The first comparison is of all folders, so that what follows is seen by events alone.
        assert started.wait(TIMEOUT_S)
        put(folder / "deep" / "er" / "y.txt", "This is y.")
        assert watching.next() == (folder / "deep" / "er",)
        opened.index(folder / "deep" / "er")
        (folder / "deep" / "er" / "x.txt").rename(folder / "x.txt")
        assert set(watching.next()) <= {folder, folder / "deep" / "er"}
        opened.index(folder)
        assert names_of_different_folders(opened) == []
        (folder / "deep").rename(folder / "depth")
        assert watching.next() == (folder,)


def test_without_events_the_folders_are_compared(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    with Watching(opened, events=ticking, rescan_s=0.01) as watching:
        put(folder / "c.txt", "This is c.")
        assert watching.next() == (folder,)
        put(folder / "e.txt", "This is e.")
        assert watching.next() == (folder,)
        opened.index(folder)
        (folder / "e.txt").unlink()
        assert watching.next() == (folder,)
    assert watching.reported.empty()


def test_after_sleep_the_folders_are_compared(
    opened: OpenLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.index(folder)
    clock = [time.time()]
    compared = threading.Event()
    monkeypatch.setattr(watch_module, "time", _Clock(clock))

    def events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
        for happened in ticking(folders, cancel):
            yield happened
            compared.set()

    with Watching(opened, events=events, rescan_s=3600) as watching:
        assert compared.wait(TIMEOUT_S)
        put(folder / "c.txt", "This is c.")
        assert watching.reported.empty()
        clock[0] += 8 * 3600
        assert watching.next() == (folder,)


def test_watching_continues_where_the_system_has_no_more_events(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)

    def events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
        yield frozenset()
        raise OSError(28, "No space left on device")  # what Linux says when a person may have no more watches

    with Watching(opened, events=events, rescan_s=0.01) as watching:
        put(folder / "c.txt", "This is c.")
        assert watching.next() == (folder,)


def test_a_folder_that_is_added_later_is_watched_too(opened: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with Watching(opened, rescan_s=3600) as watching:
        opened.index(other)
        put(other / "c.txt", "This is c.")
        assert watching.next() == (other,)


class _Clock:
    """The real clock, but for the time of day."""

    def __init__(self, now_s: list[float]) -> None:
        self._now_s = now_s
        self.monotonic = time.monotonic

    def time(self) -> float:
        return self._now_s[0]
