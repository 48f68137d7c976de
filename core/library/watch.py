"""Notices that files of the library's folders changed: by the system's own events, and by looking through them.

Events come within a second or two. They do not come from network drives, while the computer sleeps, or where the system
has no more of them to give; so the folders are looked through now and then as well, which takes 50 ms for 10,000
unchanged files. The pause after each look is `REST` times as long as the look took: at most one percent of a core.
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

REST = 100
REST_AFTER_EVENTS = 20
RESCAN_S = 60.0
RESCAN_WITHOUT_EVENTS_S = 5.0
STEP_MS = 250
QUIET_STEPS_MS = 5_000  # events that go on without a pause are told after this long
TICK_S = 5.0
SLEPT_S = 30.0
MANY_PLACES = 50  # from which on looking everywhere is simpler
_NOWHERE: frozenset[Path] = frozenset()


class Events(Protocol):
    """Gives the folders in which something happened, or an empty set when nothing did for a while."""

    def __call__(self, folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]: ...


def watch(
    library: Library, cancel: CancelToken, *, events: Events | None = None, rescan_s: float = RESCAN_S
) -> Generator[tuple[Path, ...], None, None]:
    """Places in which files are new, changed or gone, each time that something else changed. Ends when cancelled; what
    was told must be indexed, else it is told again after the next change only. Runs on a thread of its own."""
    watched = _Watch(library, cancel, rescan_s)
    while not cancel.cancelled:
        folders = _there(library)
        with closing((events or system_events)(folders, cancel)) as happened:
            try:
                for places in happened:
                    if cancel.cancelled:
                        return
                    yield from watched.check(places)
                    if _there(library) != folders:
                        break
            except OSError as error:
                log.warning("no events of changed files (%s), folders are looked through instead", error.strerror)
                events, rescan_s = no_events, min(rescan_s, RESCAN_WITHOUT_EVENTS_S)
                watched.rescan_s = rescan_s
        watched.all_due()  # what happened while nothing was listening


class _Watch:
    """When to look where."""

    def __init__(self, library: Library, cancel: CancelToken, rescan_s: float) -> None:
        self._library = library
        self._cancel = cancel
        self.rescan_s = rescan_s
        self._told: dict[Path, int] = {}
        self._places: frozenset[Path] = _NOWHERE
        self._rest_until_s = 0.0
        self._due_s = 0.0
        self._seen_s = time.time()

    def all_due(self) -> None:
        self._due_s = 0.0

    def check(self, places: frozenset[Path]) -> Generator[tuple[Path, ...], None, None]:
        """Look where something happened, or everywhere if it is time; give the places that have changed."""
        self._places |= places
        now_s, slept = time.monotonic(), self._slept()
        everywhere = slept or now_s >= self._due_s
        if not everywhere and (not self._places or now_s < self._rest_until_s):
            return
        within = None if everywhere or len(self._places) > MANY_PLACES else self._places
        self._places = _NOWHERE
        try:
            found = dict(self._library.differences(self._cancel, within))
        except Fault as fault:  # whoever indexes next tells the person
            log.warning("watching: %s", fault.title)
            found = {}
        took_s = time.monotonic() - now_s
        self._rest_until_s = time.monotonic() + REST_AFTER_EVENTS * took_s
        if within is None:
            self._due_s = time.monotonic() + max(self.rescan_s, REST * took_s)
        changed = tuple(place for place, number in found.items() if self._told.get(place) != number)
        before = {} if within is None else {place: n for place, n in self._told.items() if place not in within}
        self._told = before | found
        if changed:
            yield changed

    def _slept(self) -> bool:
        """Whether the computer was asleep since the last time: far more time has passed than was waited."""
        before_s, self._seen_s = self._seen_s, time.time()
        return self._seen_s - before_s > TICK_S + SLEPT_S


def system_events(folders: tuple[Path, ...], cancel: CancelToken) -> Generator[frozenset[Path], None, None]:
    """The system's own. Raises `OSError` if it has none, or no more."""
    if not folders:
        yield from no_events(folders, cancel)
        return
    import watchfiles

    stop = _Stop(cancel)
    happened = watchfiles.watch(
        *folders,
        watch_filter=None,
        debounce=QUIET_STEPS_MS,
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
    """Nothing ever happens, as far as one hears."""
    while not cancel.wait(TICK_S):
        yield _NOWHERE


class _Stop:
    """A cancel token as watchfiles wants it."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel

    def is_set(self) -> bool:
        return self._cancel.cancelled


def _there(library: Library) -> tuple[Path, ...]:
    """The library's folders that can be listened to; single files and what is not connected are looked at only."""
    return tuple(path for path in library.folder_paths() if os.path.isdir(path))
