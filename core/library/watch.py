"""Notices changed files in the library's folders, by the system's events and by regular comparison.

Events arrive within a second or two. There are none from network drives, while the computer sleeps, or where the system
has none left, so folders are compared now and then as well, which takes 50 ms for 10,000 unchanged files.
The pause after each comparison is `REST_FACTOR` times as long as the comparison took: at most one per cent of a core.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from core.domain.faults import Fault
from core.library.library import Library
from models.cancel import CancelToken

log = logging.getLogger(__name__)

REST_FACTOR = 100
REST_FACTOR_AFTER_EVENTS = 20
RESCAN_S = 60.0  # the shortest time between comparisons of all folders
RESCAN_WITHOUT_EVENTS_S = 5.0
STEP_MS = 250
DEBOUNCE_MS = 5_000  # events that continue without a pause are reported after this long
TICK_S = 5.0
SLEPT_S = 30.0  # so much longer than a tick means that the computer slept
MANY_FOLDERS = 50  # with events in more than these, all folders are compared
_NO_FOLDERS: frozenset[Path] = frozenset()


class Events(Protocol):
    """Yields the folders with events, or an empty set when there were none for a while."""

    def __call__(self, folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]: ...


def watch(
    library: Library, cancel: CancelToken, *, events: Events | None = None, rescan_s: float = RESCAN_S
) -> Generator[tuple[Path, ...], None, None]:
    """Yield paths in which files are new, changed or gone, each time that something else changed, until cancelled.
    Unindexed paths are reported again only after another change. Runs on a thread of its own."""
    comparisons = _Comparisons(library, cancel, rescan_s)
    while not cancel.cancelled:
        folders = _watchable_folders(library)
        with closing((events or system_events)(folders, cancel)) as happened:
            try:
                for event_folders in happened:
                    if cancel.cancelled:
                        return
                    yield from comparisons.check(event_folders)
                    if _watchable_folders(library) != folders:
                        break
            except OSError as error:
                log.warning("no events of changed files (%s), folders are looked through instead", error.strerror)
                events, rescan_s = no_events, min(rescan_s, RESCAN_WITHOUT_EVENTS_S)
                comparisons.rescan_s = rescan_s
        comparisons.make_all_due()  # what happened while nothing was listening


class _Comparisons:
    """Schedules which folders are compared when."""

    def __init__(self, library: Library, cancel: CancelToken, rescan_s: float) -> None:
        self._library = library
        self._cancel = cancel
        self.rescan_s = rescan_s
        self._reported: dict[Path, int] = {}
        self._event_folders: frozenset[Path] = _NO_FOLDERS
        self._rest_until_s = 0.0
        self._due_s = 0.0
        self._seen_s = time.time()

    def make_all_due(self) -> None:
        """Have the next `check` compare all folders."""
        self._due_s = 0.0

    def check(self, event_folders: frozenset[Path]) -> Generator[tuple[Path, ...], None, None]:
        """Compare the folders with events, or all if it is time; yield the paths that have changed."""
        self._event_folders |= event_folders
        now_s, slept = time.monotonic(), self._slept()
        everywhere = slept or now_s >= self._due_s
        if not everywhere and (not self._event_folders or now_s < self._rest_until_s):
            return
        within = None if everywhere or len(self._event_folders) > MANY_FOLDERS else self._event_folders
        self._event_folders = _NO_FOLDERS
        try:
            found = dict(self._library.differences(self._cancel, within))
        except Fault as fault:  # the next indexing run reports it
            log.warning("watching: %s", fault.title)
            found = {}
        took_s = time.monotonic() - now_s
        self._rest_until_s = time.monotonic() + REST_FACTOR_AFTER_EVENTS * took_s
        if within is None:
            self._due_s = time.monotonic() + max(self.rescan_s, REST_FACTOR * took_s)
        changed = tuple(path for path, number in found.items() if self._reported.get(path) != number)
        before = {} if within is None else {path: n for path, n in self._reported.items() if path not in within}
        self._reported = before | found
        if changed:
            yield changed

    def _slept(self) -> bool:
        """Whether the computer slept since the last call: far more time has passed than a tick."""
        before_s, self._seen_s = self._seen_s, time.time()
        return self._seen_s - before_s > TICK_S + SLEPT_S


def system_events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
    """The system's events. Raises `OSError` if it has none, or no more."""
    if not folders:
        yield from no_events(folders, cancel)
        return
    import watchfiles

    stop = _Stop(cancel)
    happened = watchfiles.watch(
        *folders,
        watch_filter=None,
        debounce=DEBOUNCE_MS,
        step=STEP_MS,
        rust_timeout=int(TICK_S * 1000),
        stop_event=stop,
        yield_on_timeout=True,
        force_polling=False,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
    with closing(happened):
        for changes in happened:
            yield frozenset(Path(path).parent for _, path in changes)


def no_events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
    """A source of no events."""
    while not cancel.wait(TICK_S):
        yield _NO_FOLDERS


class _Stop:
    """A cancel token in the form watchfiles takes."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel

    def is_set(self) -> bool:
        return self._cancel.cancelled


def _watchable_folders(library: Library) -> tuple[Path, ...]:
    """The library's folders that exist and can be watched; single files and disconnected ones are only compared."""
    return tuple(path for path in library.folder_paths() if os.path.isdir(path))
