"""What the Linux kernel refuses a confined parser process: every system call that is not on the list, natively made."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.parsing.ocr.tessdata import ENGLISH
from core.parsing.process.syscall_filter import can_filter, filter_program
from core.parsing.process.syscall_table import allowed_calls
from tests.support.confined_probes import PASSED_BY_THE_KERNEL, Probe, errors_of, random_probes
from tests.support.syscall_verdicts import ALLOW, AUDIT_VALUES, REFUSE, verdict

X86_64, ARM64 = AUDIT_VALUES["x86_64"], AUDIT_VALUES["aarch64"]
CONNECTION, OWN_ID = 7, 4321
EPERM, ENOSYS = errno.EPERM, errno.ENOSYS
native = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or not can_filter(),
    reason="makes system calls by their numbers on x86-64 Linux",
)


def program(machine: str, *, recognition: bool = False) -> bytes:
    return filter_program(allowed_calls(CONNECTION, OWN_ID, recognition=recognition), machine)


def allowed_numbers(machine: str, *, recognition: bool = False) -> set[int]:
    calls = allowed_calls(CONNECTION, OWN_ID, recognition=recognition)
    numbers = (call.x86_64 if machine == "x86_64" else call.arm64 for call in calls)
    return {number for number in numbers if number is not None}


@pytest.mark.parametrize(("machine", "audit_value"), [("x86_64", X86_64), ("aarch64", ARM64)])
@pytest.mark.parametrize("recognition", [False, True])
def test_only_the_calls_on_the_list_pass_the_filter(machine: str, audit_value: int, recognition: bool) -> None:
    code = program(machine, recognition=recognition)
    allowed = allowed_numbers(machine, recognition=recognition)
    for number in [*range(1024), 1 << 16, 1 << 30, 1 << 31, (1 << 32) - 1, *(n | 1 << 30 for n in range(600))]:
        for arguments in ((), (1,) * 6, (-1,) * 6, (CONNECTION,) * 6, (2**63,) * 6):
            answer = verdict(code, audit_value, number, arguments)
            assert answer == ALLOW if number in allowed and answer == ALLOW else answer & ~0xFFFF == REFUSE, number


def test_calls_of_another_architecture_are_refused() -> None:
    for audit_value in (0x40000003, ARM64, 0, 0xFFFFFFFF):
        assert {verdict(program("x86_64"), audit_value, number) for number in range(512)} == {REFUSE | EPERM}


@pytest.mark.parametrize(
    ("number", "arguments", "passes"),
    [
        (9, (0, 4096, 0b11, 0x22, -1, 0), True),
        (9, (0, 4096, 0b111, 0x22, -1, 0), False),  # memory that can be run
        (9, (0, 4096, 0b1, 0x2, 3, 0), False),  # a file
        (10, (0, 4096, 0b11), True),
        (10, (0, 4096, 0b101), False),
        (10, (0, 4096, 0b100 | 1 << 33), False),
        (47, (CONNECTION, 0, 0), True),
        (47, (CONNECTION + 1, 0, 0), False),
        (234, (OWN_ID, 5, 6), True),
        (234, (OWN_ID - 1, 5, 6), False),
        (234, (0, 5, 6), False),
        (98, (0, 0), True),
        (98, (-1, 0), False),
        (302, (0, 0, 1, 1), True),
        (302, (0, 7, 1, 1), False),
        (302, (OWN_ID - 1, 0, 1, 1), False),
    ],
)
def test_arguments_are_checked(number: int, arguments: tuple[int, ...], passes: bool) -> None:
    assert (verdict(program("x86_64"), X86_64, number, arguments) == ALLOW) is passes


@pytest.mark.parametrize(
    ("number", "arguments", "passes"),
    [
        (56, (0x3D0F00, 1, 1, 1, 1), True),  # a thread of the C library
        (56, (0x3D0F00 & ~0x10000, 1, 1, 1, 1), False),  # a process
        (56, (17,), False),  # what fork does
        (56, (0x3D0F00 | 0x10000000,), False),  # a thread in a user namespace
        (257, (-100, 1, 0o2000000, 0), True),
        (257, (-100, 1, 1, 0), False),  # to write
        (257, (-100, 1, 0o100, 0), False),  # to create
        (257, (-100, 1, 0o20000000, 0), False),  # O_PATH
        (257, (3, 1, 0, 0), False),
        (157, (15, 1), True),
        (157, (4, 1), False),  # PR_SET_DUMPABLE
        (157, (38, 1), False),
    ],
)
def test_arguments_are_checked_for_recognition(number: int, arguments: tuple[int, ...], passes: bool) -> None:
    assert (verdict(program("x86_64", recognition=True), X86_64, number, arguments) == ALLOW) is passes
    assert verdict(program("x86_64"), X86_64, number, arguments) != ALLOW


@native
def test_the_kernel_refuses_every_other_number() -> None:
    skipped = allowed_numbers("x86_64") | PASSED_BY_THE_KERNEL
    numbers = [number for number in [*range(513), 1 << 20, *range(1 << 30, (1 << 30) + 513)] if number not in skipped]
    errors = errors_of((number, ["buffer", "buffer", 0, 0, 0, 0]) for number in numbers)
    assert {number for number, error in zip(numbers, errors, strict=True) if error != EPERM} == {435}  # clone3: unknown


@native
def test_no_arguments_get_a_call_past_the_filter() -> None:
    """tests/bench/bench_syscalls.py does this 20,000 times."""
    assert set(errors_of(random_probes(2000, seed=7), refused_only=True)) == {EPERM, ENOSYS, -1}


@pytest.fixture
def sibling() -> Iterator[int]:
    """A process of this user that is no child of the confined one."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process.pid
        process.kill()


def attacks(parent: int, sibling: int) -> dict[str, Probe]:
    """Ways out of a process, by x86-64's numbers. Signals are 0: whether one may be sent is what is asked."""
    found: dict[str, Probe] = {
        "type into the terminal": (16, ["connection", 0x5412, "x"]),
        "type into the terminal, high bits": (16, [0, 0x5412 | 1 << 32, "x"]),
        "a terminal of its own": (16, [0, 0x540E, 0]),
        "open a process": (434, [parent, 0]),
        "take a descriptor": (438, [3, 3, 0]),
        "fork": (57, []),
        "vfork": (58, []),
        "clone a process": (56, [17, 0, 0, 0, 0]),
        "clone a namespace": (56, [0x10000000 | 17, 0, 0, 0, 0]),
        "unshare users": (272, [0x10000000]),
        "enter a namespace": (308, [3, 0]),
        "trace": (101, [16, parent, 0, 0]),
        "read a path": (2, ["passwd", 0, 0]),
        "read a path at": (257, [-100, "passwd", 0, 0]),
        "read a path, openat2": (437, [-100, "passwd", "buffer", 24]),
        "own memory": (257, [-100, "self", 2, 0]),
        "state of a path": (262, [-100, "passwd", "buffer", 0]),
        "state of a path, statx": (332, [-100, "passwd", 0, 0xFFF, "buffer"]),
        "list a folder": (217, [3, "buffer", 4096]),
        "run a program": (59, ["true", 0, 0]),
        "run a descriptor": (322, [3, "empty", 0, 0, 0x1000]),
        "file in memory": (319, ["x", 0]),
        "secret memory": (447, [0]),
        "io_uring": (425, [1, "buffer"]),
        "bpf": (321, [0, "buffer", 64]),
        "keys": (250, [0, -4, 0, 0, 0]),
        "mount": (165, ["x", "x", "x", 0, 0]),
        "new mount": (428, [-100, "empty", 0]),
        "root": (161, ["x"]),
        "message queue": (68, [0, 0o1600]),
        "shared memory": (29, [0, 4096, 0o1600]),
        "posix queue": (240, ["x", 0o102, 0o600, 0]),
        "dumpable again": (157, [4, 1, 0, 0, 0]),
        "survive the parent": (157, [1, 0, 0, 0, 0]),
        "limits of others": (302, [parent, 0, 0, "buffer"]),
        "own file limit": (302, [0, 7, "buffer", 0]),
        "priority of others": (141, [0, parent, 0]),
        "watch files": (294, [0]),
        "user faults": (323, [0]),
        "performance events": (298, ["buffer", 0, -1, -1, 0]),
        "send a descriptor": (46, ["connection", "buffer", 0]),
        "memory to run": (9, [0, 4096, 7, 0x22, -1, 0]),
        "make memory run": (10, ["buffer", 4096, 5]),
        "32-bit calls": (0x40000000 + 2, ["passwd", 0, 0]),
        "leave the session": (112, []),
        "landlock of its own": (444, [0, 0, 1]),
        "filter of its own": (317, [1, 0, "buffer"]),
        "user": (105, [0]),
        "quota": (179, [0, 0, 0, 0]),
        "clock": (227, [0, "buffer"]),
        "modules": (313, [3, "empty", 0]),
        "reboot with a wrong word": (169, [0, 0, 0, 0]),
    }
    for name, process in (("parent", parent), ("sibling", sibling)):
        found[f"signal the {name}"] = (62, [process, 0])
        found[f"signal the {name}'s thread"] = (234, [process, process, 0])
        found[f"queue a signal for the {name}"] = (129, [process, 0, "buffer"])
        found[f"read the {name}"] = (310, [process, "buffer", 1, "buffer", 1, 0])
        found[f"write the {name}"] = (311, [process, "buffer", 1, "buffer", 1, 0])
    for family in range(46):
        found[f"socket of family {family}"] = (41, [family, 1, 0])
        found[f"pair of family {family}"] = (53, [family, 1, 0, "buffer"])
    return found


@native
@pytest.mark.parametrize("language", ["", ENGLISH])
def test_no_way_out_is_open(sibling: int, language: str) -> None:
    """Processes for OCR may ask for a path's state and open one for reading, which is Landlock's to refuse."""
    found = attacks(os.getpid(), sibling)
    errors = dict(zip(found, errors_of(found.values(), language), strict=True))
    metadata = {"state of a path", "state of a path, statx"} if language else set()
    by_landlock = {"read a path at"} if language else set()
    assert {
        name: error for name, error in errors.items() if error != EPERM and name not in metadata | by_landlock
    } == {}
    assert {errors[name] for name in by_landlock} <= {errno.EACCES}


@native
def test_a_parser_may_do_what_it_needs() -> None:
    probes: list[Probe] = [
        (9, [0, 4096, 3, 0x22, -1, 0]), (39, []), (228, [0, "buffer"]), (318, ["buffer", 16, 0]),
        (234, ["pid", "pid", 0]), (302, [0, 0, 0, "buffer"]), (98, [0, "buffer"]),
    ]  # fmt: skip
    assert errors_of(probes) == [0] * len(probes)
