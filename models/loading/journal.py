"""Which ways of loading a model have ended the program before, so that the next start uses safer ones."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from models.gguf.file_identity import stamp

log = logging.getLogger(__name__)

JOURNAL_FILE = "model-loads.json"
FORGOTTEN_AFTER_S = 14 * 24 * 3600.0  # a driver or the program may have been mended since


@dataclass(frozen=True, slots=True)
class _Death:
    """A load was found to have ended the program, `when` in seconds since 1970. `alone`: no other load ran then, so it
    is the one to blame."""

    when: float
    alone: bool


class LoadCrashLog:
    """A small file beside the caches, written before native code may end the process. One object serves one run of the
    program, from any thread: what the file holds as running when it is made was running when another run ended."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / JOURNAL_FILE
        self._turn = threading.Condition()
        self._running: list[str] = []
        self._alone = False  # whether the load that runs lets no other begin
        left, self._deaths = self._read()
        if left:
            log.warning("the last load of a model ended the program: safer settings are used")
            self._note_deaths(left)

    def ended_the_program(self, path: Path, way: str) -> bool:
        """Whether loading the file `path` in this `way` ended the program lately, or other loads did meanwhile."""
        return self._death(path, way) is not None

    def is_to_blame(self, path: Path, way: str) -> bool:
        """Whether it did so while no other load ran."""
        death = self._death(path, way)
        return death is not None and death.alone

    def begin(self, path: Path, way: str, *, alone: bool = False) -> str:
        """Note that the load begins; gives what `end` wants. `alone` waits for the loads that run and lets others wait
        for this one, so that a death now has one to blame."""
        mark = _mark(path, way)
        with self._turn:
            self._turn.wait_for(lambda: not (self._running if alone else self._alone))
            self._alone = alone
            self._running.append(mark)
            self._write()
        return mark

    def end(self, mark: str) -> None:
        """The load is over: it worked, was cancelled, or failed with a fault of its own. If it was `alone`, it is
        cleared of earlier deaths."""
        with self._turn:
            self._running.remove(mark)
            if self._alone:
                self._alone = False
                self._deaths.pop(mark, None)
            self._write()
            self._turn.notify_all()

    def forget(self, path: Path) -> None:
        """Whatever happened with the file `path`, it may be loaded in any way again."""
        with self._turn:
            gone = [mark for mark in self._deaths if mark.startswith(_mark_of_file(path))]
            for mark in gone:
                del self._deaths[mark]
            if gone:
                self._write()

    def _death(self, path: Path, way: str) -> _Death | None:
        with self._turn:
            death = self._deaths.get(_mark(path, way))
        return death if death is not None and death.when > time.time() - FORGOTTEN_AFTER_S else None

    def _note_deaths(self, marks: set[str]) -> None:
        for mark in marks:
            before = self._deaths.get(mark)
            alone = len(marks) == 1 or (before is not None and before.alone)
            self._deaths[mark] = _Death(time.time(), alone)
        self._write()

    def _read(self) -> tuple[set[str], dict[str, _Death]]:
        """What was running, and the deaths of before."""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            deaths = {
                str(mark): _Death(float(death["when"]), bool(death["alone"]))
                for mark, death in stored["deaths"].items()
                if float(death["when"]) > time.time() - FORGOTTEN_AFTER_S
            }
            return {str(mark) for mark in stored["running"]}, deaths
        except FileNotFoundError:
            return set(), {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s is unreadable and starts anew", JOURNAL_FILE)
            return set(), {}

    def _write(self) -> None:
        """Whole or not at all; a journal that cannot be written is no reason not to load."""
        partial = self._path.with_suffix(".part")
        deaths = {mark: asdict(death) for mark, death in self._deaths.items()}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                json.dump({"running": self._running, "deaths": deaths}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            log.warning("%s could not be written: %s", JOURNAL_FILE, error)


def _mark_of_file(path: Path) -> str:
    return f"{path.absolute()}|"


def _mark(path: Path, way: str) -> str:
    """Names one way of loading what the file is now: another file in its place is another matter."""
    return f"{_mark_of_file(path)}{stamp(path)}|{way}"
