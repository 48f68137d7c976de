"""A log of model loads that crashed the program, so that the next start loads these models in a safer mode."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from models.gguf.file_identity import file_stamp

log = logging.getLogger(__name__)

CRASH_LOG_FILE = "model-loads.json"
CRASH_EXPIRY_S = 14 * 24 * 3600.0  # by then a driver or the program may have been fixed


@dataclass(frozen=True, slots=True)
class _Crash:
    """A load that crashed the program, noticed at `when` (seconds since 1970). `alone`: no other load was running, so
    this one is to blame. The field names are keys in the file."""

    when: float
    alone: bool


class LoadCrashLog:
    """A small JSON file in the cache directory, written before each load that might crash. Use one object for each run
    of the program: loads that the file lists as running when it is created crashed an earlier run. Any thread."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / CRASH_LOG_FILE
        self._condition = threading.Condition()
        self._running: list[str] = []
        self._exclusive = False  # whether the running load keeps others from beginning
        unfinished, self._crashes = self._read()
        if unfinished:
            log.warning("the last load of a model ended the program: safer settings are used")
            self._record_crashes(unfinished)

    def has_crashed(self, path: Path, load_mode: str) -> bool:
        """Whether the program crashed recently while `path` was being loaded in `load_mode`, by this load or by another
        one that ran at the same time."""
        return self._recent_crash(path, load_mode) is not None

    def crashed_alone(self, path: Path, load_mode: str) -> bool:
        """Whether it crashed while no other load was running."""
        crash = self._recent_crash(path, load_mode)
        return crash is not None and crash.alone

    def begin(self, path: Path, load_mode: str, *, exclusive: bool = False) -> str:
        """Note that a load begins. Returns its entry, for `end`. An `exclusive` load waits for those that are running,
        and others wait for it, so that a crash has one cause."""
        entry = _entry(path, load_mode)
        with self._condition:
            self._condition.wait_for(lambda: not (self._running if exclusive else self._exclusive))
            self._exclusive = exclusive
            self._running.append(entry)
            self._write()
        return entry

    def end(self, entry: str) -> None:
        """Note that a load has ended: succeeded, been cancelled, or failed with a fault. An exclusive load that ends is
        cleared of its earlier crashes."""
        with self._condition:
            self._running.remove(entry)
            if self._exclusive:
                self._exclusive = False
                self._crashes.pop(entry, None)
            self._write()
            self._condition.notify_all()

    def record(self, path: Path, load_mode: str) -> None:
        """Record that loading `path` in `load_mode` ended another process, in which nothing else was loaded."""
        with self._condition:
            self._crashes[_entry(path, load_mode)] = _Crash(time.time(), True)
            self._write()

    def forget(self, path: Path, load_mode: str | None = None) -> None:
        """Forget every crash of the file `path`, or those in one mode, so that it may be loaded so again."""
        end = "" if load_mode is None else f"|{load_mode}"
        with self._condition:
            forgotten = [e for e in self._crashes if e.startswith(_file_prefix(path)) and e.endswith(end)]
            for entry in forgotten:
                del self._crashes[entry]
            if forgotten:
                self._write()

    def _recent_crash(self, path: Path, load_mode: str) -> _Crash | None:
        with self._condition:
            crash = self._crashes.get(_entry(path, load_mode))
        return crash if crash is not None and crash.when > time.time() - CRASH_EXPIRY_S else None

    def _record_crashes(self, entries: set[str]) -> None:
        for entry in entries:
            before = self._crashes.get(entry)
            alone = len(entries) == 1 or (before is not None and before.alone)
            self._crashes[entry] = _Crash(time.time(), alone)
        self._write()

    def _read(self) -> tuple[set[str], dict[str, _Crash]]:
        """The entries that were running, and the earlier crashes that have not expired."""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            crashes = {
                str(entry): _Crash(float(crash["when"]), bool(crash["alone"]))
                for entry, crash in stored["deaths"].items()
                if float(crash["when"]) > time.time() - CRASH_EXPIRY_S
            }
            return {str(entry) for entry in stored["running"]}, crashes
        except FileNotFoundError:
            return set(), {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s is unreadable and starts anew", CRASH_LOG_FILE)
            return set(), {}

    def _write(self) -> None:
        """Write the file as a whole or not at all. Failing to write it does not keep models from being loaded."""
        partial = self._path.with_suffix(".part")
        crashes = {entry: asdict(crash) for entry, crash in self._crashes.items()}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                json.dump({"running": self._running, "deaths": crashes}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            log.warning("%s could not be written: %s", CRASH_LOG_FILE, error)


def _file_prefix(path: Path) -> str:
    return f"{path.absolute()}|"


def _entry(path: Path, load_mode: str) -> str:
    """Identify one mode of loading the file as it is now; a changed file has other entries."""
    return f"{_file_prefix(path)}{file_stamp(path)}|{load_mode}"
