"""Measures the memory (within a container's limits), cores and graphics processors that a model may use."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

from models.llama.gpu import Gpu
from models.machine.cgroups import container_memory_limit
from models.machine.cores import usable_cores

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_bytes` is all memory that this process may use, `available_bytes` what is free now, file cache included.
    `physical_cores` are those that compute a model (see `models.machine.cores`)."""

    memory_bytes: int
    available_bytes: int
    physical_cores: int
    gpus: tuple[Gpu, ...] = ()


def probe_machine() -> Machine:
    """Measure now. The first call initialises llama.cpp (0.2 s), so do not call it on the GUI thread."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = int(memory.total), int(memory.available)
    limit = container_memory_limit() if sys.platform == "linux" else None
    if limit is not None and limit.limit_bytes < total:
        total = limit.limit_bytes
        available = min(available, max(limit.limit_bytes - limit.used_bytes, 0))
    return Machine(total, available, usable_cores(), _gpus())


def _gpus() -> tuple[Gpu, ...]:
    try:
        from models.llama.ggml import list_gpus

        return list_gpus()
    except (ImportError, OSError, RuntimeError) as error:  # a broken build is reported as soon as a model is loaded
        log.warning("llama.cpp cannot list its devices: %s", error)
        return ()
