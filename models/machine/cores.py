"""The number of processor cores that compute a model.

The cores share every matrix product and wait for each other after it, so the slowest one sets the pace: efficiency
cores and a core's second hardware thread only slow the others down. llama.cpp's own programs choose alike on Linux and
macOS (common.cpp, `common_cpu_get_num_math`); elsewhere they take all physical cores.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from models.machine.cgroups import cpu_quota

SYSFS_DEVICES = Path("/sys/devices")
APPLE_PERFORMANCE_CORES = b"hw.perflevel0.physicalcpu"


def usable_cores() -> int:
    """The number of physical performance cores that this process may use, at least 1. Any thread."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if sys.platform != "linux":
        return _apple_performance_cores() or physical
    allowed = os.sched_getaffinity(0)
    cores = performance_cores(allowed) or min(physical, len(allowed))
    return max(1, min(cores, cpu_quota() or cores))


def performance_cores(allowed: set[int], system: Path = SYSFS_DEVICES) -> int:
    """The number of physical cores that the logical processors `allowed` belong to. Efficiency cores of Intel's hybrid
    processors count only if there are no others. 0 if sysfs does not say."""
    fast = allowed & _cpu_list(system / "cpu_core" / "cpus")  # exists on hybrid processors only, beside cpu_atom
    siblings = {
        frozenset(_cpu_list(system / "system" / "cpu" / f"cpu{number}" / "topology" / "thread_siblings_list"))
        for number in fast or allowed
    }
    return len(siblings - {frozenset()})


def _cpu_list(path: Path) -> set[int]:
    """The numbers in a CPU list of sysfs such as "0-3,8"; empty if the file is missing or unreadable."""
    try:
        text = path.read_text(encoding="ascii").strip()
        parts = [part.partition("-") for part in text.split(",") if part]
        return {number for low, _, high in parts for number in range(int(low), int(high or low) + 1)}
    except (OSError, ValueError):
        return set()


def _apple_performance_cores() -> int:
    """The number of performance cores of Apple silicon; 0 elsewhere."""
    if sys.platform != "darwin":
        return 0
    count, size = ctypes.c_int32(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int32))
    failed = ctypes.CDLL(None).sysctlbyname(
        APPLE_PERFORMANCE_CORES, ctypes.byref(count), ctypes.byref(size), None, ctypes.c_size_t(0)
    )
    return 0 if failed else count.value
