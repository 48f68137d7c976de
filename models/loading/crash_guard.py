"""Loads embedders and rerankers in safe mode after a crash, and not at all once safe mode has crashed as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.faults import N_, ModelFault
from models.loading.crash_log import LoadCrashLog

FAST_MODE, SAFE_MODE = "rearranged", "mapped"


@contextmanager
def guarded_load(path: Path, crash_log: LoadCrashLog) -> Iterator[bool]:
    """A context manager around the loading of the model at `path`. Yields whether to load it in safe mode (see
    `PooledModel`). Raises `repeated_crash_fault` for a file that is no longer loaded.

    A file whose safe mode crashed while other models were being loaded is loaded alone, to see which one is to blame.
    """
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
    """The fault of a model that is no longer loaded, since safe mode crashed as well; None for any other model."""
    if not (needs_safe_mode(path, crash_log) and crash_log.crashed_alone(path, SAFE_MODE)):
        return None
    return ModelFault(
        N_("Loading this model ended the program"),
        N_("Loading {name} ended the program, with the safest settings, too, so it is left out and search goes on "
           "without it."),
        N_("Choose another model, or download or check this one again; choosing the same file tries it once more."),
        name=path.name,
    )  # fmt: skip
