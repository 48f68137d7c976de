"""Memory limits and CPU quotas of this process's control groups (Linux, versions 1 and 2), such as a container's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP_FILE = Path("/proc/self/cgroup")
UNLIMITED_BYTES = 1 << 60  # version 1 writes "no limit" as a number near 2**63


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A container's memory limit. `used_bytes` of it are in use, not counting file cache, which can be dropped."""

    limit_bytes: int
    used_bytes: int


def container_memory_limit(membership: Path = MEMBERSHIP_FILE, root: Path = CGROUP_ROOT) -> MemoryLimit | None:
    """The tightest memory limit among this process's control groups and their parents; None if there is none."""
    found = [limit for folder in _cgroup_folders(membership, root) if (limit := _memory_limit_of(folder)) is not None]
    return min(found, key=lambda limit: limit.limit_bytes - limit.used_bytes, default=None)


def cpu_quota(membership: Path = MEMBERSHIP_FILE, root: Path = CGROUP_ROOT) -> int | None:
    """The number of processors that the control groups allow (cpu.max), rounded up; None for no limit."""
    quotas = []
    for folder in _cgroup_folders(membership, root):
        try:
            quota, period = (folder / "cpu.max").read_text().split()
        except (OSError, ValueError):
            continue
        if quota.isdigit() and period.isdigit():
            quotas.append(-(-int(quota) // int(period)))
    return min(quotas, default=None)


def _cgroup_folders(membership: Path, root: Path) -> list[Path]:
    """The folders of this process's groups and their parents, and the root, whose limits apply inside a container."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    folders = [root, root / "memory"]
    for line in lines:
        _number, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        if controllers not in ("", "memory") and "memory" not in controllers.split(","):
            continue
        base = root / "memory" if controllers else root
        parts = [part for part in path.split("/") if part not in ("", "..")]
        folders += [base.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
    return folders


def _memory_limit_of(folder: Path) -> MemoryLimit | None:
    """The memory limit of the group at `folder`; None if it has none."""
    names = ("memory.max", "memory.current", "file")
    if not (folder / names[0]).exists():
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache")
    limit, current = _number(folder / names[0]), _number(folder / names[1])
    if limit is None or current is None or limit >= UNLIMITED_BYTES:
        return None
    return MemoryLimit(limit, max(current - _statistic(folder / "memory.stat", names[2]), 0))


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _statistic(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), 0)
