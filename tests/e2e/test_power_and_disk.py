"""A power cut or a full disk while a library is brought up to date, on small file systems of their own."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.domain.faults import StorageFault
from core.parsing.process.pool import ParserPool
from tests.support.killing import KillSite, assert_converges, disturb, make_folder, working
from tests.support.libraries import minilm, open_library

SIZES_KIB = [int(size) for size in os.environ.get("PAPERMOOR_DISK_KIB", "600 900 1300 2000").split()]
ROUNDS = int(os.environ.get("PAPERMOOR_POWER_CUTS", "3"))
pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or os.getuid() != 0 or not shutil.which("mkfs.ext4"),
        reason="mounting needs Linux, root and mkfs.ext4",
    ),
    pytest.mark.timeout(900),
]


@contextmanager
def mounted(source: Path | str, mount_point: Path, *options: str) -> Iterator[Path]:
    """A context with a file system at `mount_point`; skips the test where mounting is not allowed, as in containers."""
    mount_point.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(source), str(mount_point)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mount: {done.stderr.strip()}")
    try:
        yield mount_point
    finally:
        for _ in range(300):
            if subprocess.run(["umount", str(mount_point)], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)  # a process that has just been killed still holds it
        else:
            subprocess.run(["umount", "--lazy", str(mount_point)], check=True)
            pytest.fail("something is still open on the file system")


def test_after_a_power_cut_the_library_converges(tmp_path: Path, minilm_gguf: Path) -> None:
    """The disk is copied at a random moment, without what the system had not written to it yet."""
    chance = random.Random(ROUNDS)
    folder, disk, cut = tmp_path / "documents", tmp_path / "disk", tmp_path / "cut"
    make_folder(folder, 16, chance)
    with disk.open("wb") as file:
        file.truncate(200 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(disk)], check=True)
    for _ in range(ROUNDS):
        with mounted(disk, tmp_path / "mnt", "-o", "loop,commit=1") as mount:
            site = KillSite(mount / "data", folder, (minilm_gguf, minilm_gguf))
            if not site.data_dir.exists():
                site.begin()
            with working(site, "index") as child:
                try:
                    child.wait(chance.uniform(0.5, 6.0))
                except subprocess.TimeoutExpired:
                    subprocess.run(["cp", "--sparse=always", str(disk), str(cut)], check=True)
                else:
                    shutil.copy(disk, cut)
        os.replace(cut, disk)
        with mounted(disk, tmp_path / "mnt", "-o", "loop"):
            assert_converges(tmp_path, site)
        disturb(folder, chance)


@pytest.mark.parametrize("size_kib", SIZES_KIB)
def test_a_full_disk_is_a_fault_and_the_library_converges_once_there_is_room(
    tmp_path: Path, minilm_gguf: Path, size_kib: int
) -> None:
    folder = tmp_path / "documents"
    make_folder(folder, 60, random.Random(size_kib))
    with mounted("tmpfs", tmp_path / "mnt", "-t", "tmpfs", "-o", f"size={size_kib}k") as disk:
        with (
            minilm(minilm_gguf) as embedder,
            ParserPool(1, cutter=cut_document) as pool,
            pytest.raises(StorageFault, match="no room left") as full,
            open_library(disk / "data", pool, lambda: embedder) as opened,
        ):
            opened.index(folder)
        assert str(disk / "data") in str(full.value)
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        site = KillSite(disk / "data", folder, (minilm_gguf, minilm_gguf))
        site.begin()
        assert_converges(tmp_path, site)
