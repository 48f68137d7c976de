"""Loads embedders and rerankers in safe mode after a crash, and not at all once they have ended a process of their own.

A kill from outside or a power cut looks like a crash. So after two of them the file is tried in another process, whose
end is seen: it is left out only if loading it ends that one, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.faults import N_, ModelFault
from models.loading.crash_log import LoadCrashLog

log = logging.getLogger(__name__)

FAST_MODE, SAFE_MODE, TRIAL_MODE = "rearranged", "mapped", "trial"
Survives = Callable[[Path, bool], bool]
"""Whether another process survives loading a file, in safe mode or not (core.engines.load_trial)."""


@contextmanager
def guarded_load(path: Path, crash_log: LoadCrashLog, survives: Survives) -> Iterator[bool]:
    """A context manager around the loading of the model at `path`. Yields whether to load it in safe mode (see
    `PooledModel`). Raises `repeated_crash_fault` for a file that is no longer loaded.

    A file whose safe mode crashed while other models were being loaded is loaded alone, to see which one is to blame.
    One whose safe mode crashed alone is first tried in another process, which takes as long as loading it does.
    """
    if _needs_trial(path, crash_log):
        _try_in_another_process(path, crash_log, survives)
    fault = repeated_crash_fault(path, crash_log)
    if fault is not None:
        raise fault
    safe_mode = needs_safe_mode(path, crash_log)
    exclusive = safe_mode and crash_log.has_crashed(path, SAFE_MODE)
    entry = crash_log.begin(path, SAFE_MODE if safe_mode else FAST_MODE, exclusive=exclusive)
    try:
        yield safe_mode
    finally:
        crash_log.end(entry)


def needs_safe_mode(path: Path, crash_log: LoadCrashLog) -> bool:
    """Whether loading `path` in fast mode has crashed the program recently."""
    return crash_log.has_crashed(path, FAST_MODE)


def repeated_crash_fault(path: Path, crash_log: LoadCrashLog) -> ModelFault | None:
    """The fault of a model that is no longer loaded, since it ended another process, too; None for any other model."""
    if not crash_log.crashed_alone(path, TRIAL_MODE):
        return None
    return ModelFault(
        N_("Loading this model ended the program"),
        N_("Loading {name} ended the program, with the safest settings, too, so it is left out and search goes on "
           "without it."),
        N_("Choose another model, or download or check this one again; choosing the same file tries it once more."),
        name=path.name,
    )  # fmt: skip


def try_again(path: Path, crash_log: LoadCrashLog) -> None:
    """Have the next load try the file, in another process first if it has ended one."""
    if crash_log.crashed_alone(path, TRIAL_MODE):
        crash_log.forget(path, TRIAL_MODE)
    else:
        crash_log.forget(path)


def _needs_trial(path: Path, crash_log: LoadCrashLog) -> bool:
    crashed_twice = needs_safe_mode(path, crash_log) and crash_log.crashed_alone(path, SAFE_MODE)
    return crashed_twice and not crash_log.crashed_alone(path, TRIAL_MODE)


def _try_in_another_process(path: Path, crash_log: LoadCrashLog, survives: Survives) -> None:
    log.info("%s is tried in another process, since loading it may have ended the program", path.name)
    if survives(path, False):
        crash_log.forget(path)
    elif survives(path, True):
        crash_log.forget(path, SAFE_MODE)
    else:
        crash_log.record(path, TRIAL_MODE)
