"""The confinement on macOS and Windows. What needs these systems is skipped elsewhere and has not been run yet."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import core
from core.parsing.process import macos_profile, windows_confinement
from core.parsing.process.windows_structures import (
    LIMIT_ACTIVE_PROCESS,
    LIMIT_KILL_ON_JOB_CLOSE,
    MITIGATIONS,
    SE_PRIVILEGE_REMOVED,
    BasicLimits,
    ExtendedLimits,
    PrivilegeAndAttributes,
)

ROOT = Path(core.__file__).parents[1]


def test_the_profile_refuses_what_it_does_not_name(tmp_path: Path) -> None:
    assert macos_profile.profile().splitlines()[:2] == ["(version 1)", "(deny default)"]
    allowed = [line for line in macos_profile.profile().splitlines() if "allow" in line]
    refused = ("network", "process", "file-read*", "file-write", "mach")
    assert not any(word in line for line in allowed for word in refused)
    folder = tmp_path / 'a "quoted" \\ folder'
    folder.mkdir()
    rule = macos_profile.profile([folder]).splitlines()[-1]
    escaped = os.path.realpath(folder).replace("\\", "\\\\").replace('"', '\\"')
    assert rule == f'(allow file-read* (subpath "{escaped}"))'


def test_the_job_holds_one_process_and_ends_with_it() -> None:
    limits = windows_confinement.job_limits(300 << 20)
    assert limits.process_memory_limit == 300 << 20
    assert limits.basic.active_process_limit == 1
    assert limits.basic.limit_flags & LIMIT_ACTIVE_PROCESS and limits.basic.limit_flags & LIMIT_KILL_ON_JOB_CLOSE


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="sizes of a system of 64 bits")
def test_structures_are_as_large_as_the_system_expects() -> None:
    assert (ctypes.sizeof(BasicLimits), ctypes.sizeof(ExtendedLimits)) == (64, 144)
    assert ctypes.sizeof(PrivilegeAndAttributes) == 12
    assert len({policy for policy, _ in MITIGATIONS}) == len(MITIGATIONS)


def test_each_privilege_is_removed() -> None:
    held = (2).to_bytes(4, "little") + bytes(PrivilegeAndAttributes(19, 0, 3)) + bytes(PrivilegeAndAttributes(23, 0, 2))
    removal = windows_confinement.removal_of(held + bytes(8))
    entries = [PrivilegeAndAttributes.from_buffer_copy(removal, 4 + 12 * index) for index in range(2)]
    assert [(entry.low, entry.attributes) for entry in entries] == [
        (19, SE_PRIVILEGE_REMOVED),
        (23, SE_PRIVILEGE_REMOVED),
    ]
    assert len(removal) == 28


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="these systems have them")
def test_other_systems_say_that_they_have_none() -> None:
    assert not macos_profile.apply_profile()
    assert not windows_confinement.join_job(1 << 30)
    assert not windows_confinement.give_up_rights()


NATIVE_ON_MACOS = """
    import ctypes, os, sys
    from core.parsing.limits import ParseLimits
    from core.parsing.process.confinement import confine
    libc = ctypes.CDLL(None)
    out = os.dup(1)
    confine(ParseLimits(), out)
    attempts = {
        "read": lambda: libc.open(b"/etc/passwd", os.O_RDONLY),
        "write": lambda: libc.open(os.fsencode(sys.argv[1]), os.O_WRONLY | os.O_CREAT, 0o600),
        "socket": lambda: libc.connect(libc.socket(2, 1, 0), ctypes.create_string_buffer(16), 16),
        "fork": lambda: libc.fork(),
        "program": lambda: libc.execv(b"/bin/echo", (ctypes.c_char_p * 2)(b"echo", None)),
        "signal": lambda: libc.kill(os.getppid(), 0),
    }
    for name, attempt in attempts.items():
        os.write(out, f"{name} {'refused' if attempt() == -1 else 'allowed'}\\n".encode())
"""


@pytest.mark.skipif(sys.platform != "darwin", reason="a sandbox profile of macOS")
def test_macos_refuses_native_code(tmp_path: Path) -> None:
    output = _output(NATIVE_ON_MACOS, tmp_path, str(tmp_path / "written"))
    assert set(dict(line.split() for line in output.splitlines()).values()) == {"refused"}
    assert not (tmp_path / "written").exists()


NATIVE_ON_WINDOWS = """
    import ctypes, os, subprocess, sys
    from core.parsing.process import windows_confinement
    kernel = ctypes.WinDLL("kernel32")
    kernel.CreateFileW.restype = ctypes.c_void_p
    windows_confinement.join_job(1 << 30)
    windows_confinement.give_up_rights()
    file = kernel.CreateFileW(sys.argv[1], 0x40000000, 0, None, 2, 0, None)
    print("write", "refused" if file == ctypes.c_void_p(-1).value else "allowed")
    try:
        subprocess.run(["cmd", "/c", "exit"])
    except OSError:
        print("program refused")
    else:
        print("program allowed")
"""


@pytest.mark.skipif(sys.platform != "win32", reason="jobs, integrity levels and mitigation policies are of Windows")
def test_windows_refuses_native_code(tmp_path: Path) -> None:
    output = _output(NATIVE_ON_WINDOWS, tmp_path, str(tmp_path / "written"))
    assert output.split() == ["write", "refused", "program", "refused"]


def _output(code: str, folder: Path, *arguments: str) -> str:
    program = folder / "program.py"
    program.write_text(textwrap.dedent(code), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, str(program), *arguments], stdout=subprocess.PIPE, text=True, env=environment, check=False
    ).stdout
