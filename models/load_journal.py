"""Which ways of loading a model have ended the program before, so that the next start uses safer ones."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from models.plan import LoadPlan

log = logging.getLogger(__name__)

JOURNAL_FILE = "model-loads.json"
FORGOTTEN_AFTER_S = 14 * 24 * 3600.0  # a driver or the program may have been mended since


@dataclass(frozen=True, slots=True)
class _Record:
    """`running` is the load that has not ended, `failed` says when each key was found dead (seconds since 1970)."""

    running: str
    failed: dict[str, float]


class LoadJournal:
    """A small file beside the caches. Written before native code may end the process, read at the next start."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / JOURNAL_FILE

    def ended_the_program(self, path: Path, plan: LoadPlan | None = None) -> bool:
        """Whether loading `path`, by `plan` or any way, ended the program lately."""
        record = self._read()
        failed = dict(record.failed)
        if record.running:
            failed[record.running] = time.time()
        if failed != record.failed:
            log.warning("the last load of a model ended the program: safer settings are used")
            self._write(_Record("", failed))
        if plan is not None:
            return _key(path, plan) in failed
        return any(key.startswith(f"{path}|") for key in failed)

    def begin(self, path: Path, plan: LoadPlan) -> None:
        self._write(_Record(_key(path, plan), self._read().failed))

    def end(self) -> None:
        """The load is over: it worked, was cancelled, or failed with a fault of its own."""
        self._write(_Record("", self._read().failed))

    def _read(self) -> _Record:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            running, failed = stored["running"], stored["failed"]
            oldest = time.time() - FORGOTTEN_AFTER_S
            kept = {str(key): float(when) for key, when in failed.items() if float(when) > oldest}
            return _Record(str(running), kept)
        except FileNotFoundError:
            return _Record("", {})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s is unreadable and starts anew", JOURNAL_FILE)
            return _Record("", {})

    def _write(self, record: _Record) -> None:
        """Whole or not at all; a journal that cannot be written is no reason not to load."""
        partial = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                json.dump({"running": record.running, "failed": record.failed}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            log.warning("%s could not be written: %s", JOURNAL_FILE, error)


def _key(path: Path, plan: LoadPlan) -> str:
    weights = "repacked" if plan.repack else "mapped" if plan.mmap else "read"
    return f"{path}|{weights}|gpu {plan.gpu_layers}/{plan.cpu_expert_layers}|{plan.context_tokens} {plan.kv_type}"
