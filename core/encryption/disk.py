"""Whether the disk that holds a folder is encrypted by the system. Asks the system without special rights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 5.0
SYS_BLOCK = Path("/sys/dev/block")
BITLOCKER_ON = ("1", "3", "5")  # System.Volume.BitLockerProtection: on, being turned on, suspended


def disk_is_encrypted(folder: Path) -> bool | None:
    """None if it cannot be told. Not on the GUI thread: on macOS and Windows a program is run, for a second or so."""
    if sys.platform == "linux":
        return _on_linux(folder)
    if sys.platform == "darwin":
        return _on_macos()
    if sys.platform == "win32":
        return _on_windows(folder)
    return None


def _on_linux(folder: Path) -> bool | None:
    """Whether the block device, or one that it lies on, is one of dm-crypt. A folder on a network, in memory or in a
    container, or encrypted by the file system itself, has no block device that tells."""
    try:
        device = folder.stat().st_dev
    except OSError:
        return None
    block = SYS_BLOCK / f"{os.major(device)}:{os.minor(device)}"
    if os.major(device) == 0 or not block.exists():
        return None
    return has_crypt_layer(block)


def has_crypt_layer(block: Path) -> bool:
    """Whether the device at `block` in sysfs, or one below it, is encrypted by dm-crypt."""
    try:
        if (block / "dm" / "uuid").read_text().startswith("CRYPT-"):
            return True
    except OSError:
        pass  # no device of the device mapper
    try:
        below = list((block / "slaves").iterdir())
    except OSError:
        below = []
    return any(has_crypt_layer(one) for one in below)


def _on_macos() -> bool | None:
    text = _output(["/usr/bin/fdesetup", "status"])
    if text is None or "FileVault is" not in text:
        return None
    return "FileVault is On" in text


def _on_windows(folder: Path) -> bool | None:
    """By the shell's property, which needs no administrator, unlike manage-bde."""
    drive = folder.absolute().drive
    if len(drive) != 2:
        return None  # on a network
    script = (
        f"(New-Object -ComObject Shell.Application).NameSpace('{drive}').Self."
        "ExtendedProperty('System.Volume.BitLockerProtection')"
    )
    text = (_output(["powershell", "-NoProfile", "-NonInteractive", "-Command", script]) or "").strip()
    return text in BITLOCKER_ON if text.isdigit() else None


def _output(command: list[str]) -> str | None:
    """What `command` prints; None if it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
