"""What this machine has: memory, as much of it as this process may use, and processor cores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
UNLIMITED_BYTES = 1 << 60  # cgroup v1 writes "no limit" as a number near 2**63


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_bytes` and `available_bytes` are those of the machine or of the control group this process is confined
    to, whichever is less; file cache that can be given back counts as available."""

    memory_bytes: int
    available_bytes: int
    physical_cores: int


def probe_machine(cgroup: Path = CGROUP) -> Machine:
    """Ask the operating system; takes a millisecond."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = int(memory.total), int(memory.available)
    limit = _first_number(cgroup / "memory.max", cgroup / "memory" / "memory.limit_in_bytes")
    if limit is not None and limit < min(total, UNLIMITED_BYTES):
        used = _first_number(cgroup / "memory.current", cgroup / "memory" / "memory.usage_in_bytes") or 0
        total, available = limit, min(available, max(0, limit - used + _file_cache(cgroup)))
    return Machine(total, available, _cores())


def _cores() -> int:
    """Physical cores this process may run on: two threads of one core are one when it comes to arithmetic."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


def _first_number(*files: Path) -> int | None:
    for file in files:
        try:
            return int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return None


def _file_cache(cgroup: Path) -> int:
    for file in (cgroup / "memory.stat", cgroup / "memory" / "memory.stat"):
        try:
            lines = file.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        stat = dict(line.split() for line in lines if len(line.split()) == 2)
        return int(stat.get("file", stat.get("total_cache", "0")))
    return 0
