"""How many of this machine's processor cores compute a model.

The cores share every matrix product and wait for each other after it, so the slowest sets the pace: efficiency cores
and a core's second thread only get in the way. llama.cpp's own programs choose so, too (common.cpp,
`common_cpu_get_num_math`), on Linux and macOS; elsewhere they take all physical cores.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from models.machine.cgroups import cpu_quota

SYSTEM = Path("/sys/devices")
PERFORMANCE_CORES = b"hw.perflevel0.physicalcpu"


def usable_cores() -> int:
    """Physical performance cores that this process may use, at least 1. Any thread."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if sys.platform != "linux":
        return _apples() or physical
    allowed = os.sched_getaffinity(0)
    cores = fast_cores(allowed) or min(physical, len(allowed))
    return max(1, min(cores, cpu_quota() or cores))


def fast_cores(allowed: set[int], system: Path = SYSTEM) -> int:
    """How many physical cores the logical processors `allowed` belong to, efficiency cores of Intel's hybrid
    processors left out unless there are no others; 0 where Linux does not say."""
    fast = allowed & _listed(system / "cpu_core" / "cpus")  # there on hybrid processors alone, beside cpu_atom
    siblings = {
        frozenset(_listed(system / "system" / "cpu" / f"cpu{number}" / "topology" / "thread_siblings_list"))
        for number in fast or allowed
    }
    return len(siblings - {frozenset()})


def _listed(path: Path) -> set[int]:
    """The numbers of one of Linux's lists ("0-3,8"); empty where there is none."""
    try:
        text = path.read_text(encoding="ascii").strip()
        parts = [part.partition("-") for part in text.split(",") if part]
        return {number for low, _, high in parts for number in range(int(low), int(high or low) + 1)}
    except (OSError, ValueError):
        return set()


def _apples() -> int:
    """The performance cores of Apple silicon; 0 elsewhere."""
    if sys.platform != "darwin":
        return 0
    count, size = ctypes.c_int32(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int32))
    failed = ctypes.CDLL(None).sysctlbyname(
        PERFORMANCE_CORES, ctypes.byref(count), ctypes.byref(size), None, ctypes.c_size_t(0)
    )
    return 0 if failed else count.value
