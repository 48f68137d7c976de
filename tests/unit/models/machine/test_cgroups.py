"""Memory limits and CPU quotas, read from folders like those of Linux's control groups."""

from __future__ import annotations

from pathlib import Path

from models.machine.cgroups import MemoryLimit, container_memory_limit, cpu_quota

GIB = 2**30


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_the_tightest_limit_of_a_container_counts_without_its_file_cache(tmp_path: Path) -> None:
    membership, root = tmp_path / "cgroup", tmp_path / "fs"
    membership.write_text("0::/user/session\n")
    write(
        root / "user",
        memory__max=f"{4 * GIB}\n",
        memory__current=f"{3 * GIB}",
        memory__stat=f"anon 1\nfile {2 * GIB}\n",
    )
    write(root / "user" / "session", memory__max="max\n", memory__current="1")
    assert container_memory_limit(membership, root) == MemoryLimit(4 * GIB, 1 * GIB)


def test_control_groups_of_version_1_are_read_too(tmp_path: Path) -> None:
    membership, root = tmp_path / "cgroup", tmp_path / "fs"
    membership.write_text("9:name=systemd:/\n4:memory:/box\n")
    unlimited = str(2**63 - 4096)
    write(root / "memory", memory__limit_in_bytes=unlimited, memory__usage_in_bytes="5")
    write(
        root / "memory" / "box",
        memory__limit_in_bytes=str(GIB),
        memory__usage_in_bytes=str(GIB // 2),
        memory__stat=f"total_cache {GIB // 4}",
    )
    assert container_memory_limit(membership, root) == MemoryLimit(GIB, GIB // 4)


def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    assert container_memory_limit(tmp_path / "absent", tmp_path) is None


def test_a_cpu_quota_is_rounded_up(tmp_path: Path) -> None:
    membership, box = tmp_path / "own", tmp_path / "fs" / "box"
    membership.write_text("0::/box\n")
    box.mkdir(parents=True)
    (box / "cpu.max").write_text("250000 100000\n")
    assert cpu_quota(membership, tmp_path / "fs") == 3
    (box / "cpu.max").write_text("max 100000\n")
    assert cpu_quota(membership, tmp_path / "fs") is None
