"""The system calls that a confined parser process may make on Linux: numbers, and what their arguments must be.

Numbers are those of the kernel's tables for x86-64 (arch/x86/entry/syscalls/syscall_64.tbl) and arm64
(include/uapi/asm-generic/unistd.h); None where an architecture lacks the call.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL_BITS = 0xFFFFFFFF
_PROT_EXEC, _MAP_ANONYMOUS = 0x4, 0x20
_RLIMIT_CPU, _RUSAGE_SELF = 0, 0
_AT_FDCWD = 0xFFFFFF9C
_O_CLOEXEC, _O_LARGEFILE_OR_NOFOLLOW = 0x80000, 0x8000 | 0x20000  # the latter two have each other's value on arm64
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41
_THREAD_FLAGS = 0x3D0F00
"""What glibc's pthread_create passes to clone: CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID and
CHILD_CLEARTID. No other flags are allowed, so no process and no namespace can be made."""


@dataclass(frozen=True, slots=True)
class ArgumentCheck:
    """Holds if the bits `mask` of the lower half of the argument at `index` have this `value`. The kernel reads no more
    than the lower half of the arguments that are checked."""

    index: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class AllowedCall:
    """A system call and what must hold of its arguments, all of it."""

    name: str
    x86_64: int | None
    arm64: int | None
    checks: tuple[ArgumentCheck, ...] = ()


def allowed_calls(connection: int, process_id: int, *, recognition: bool) -> tuple[AllowedCall, ...]:
    """Return what a process may do whose pipe to its parent is the descriptor `connection`, the most frequent calls
    first. For `recognition` (OCR) it may also start threads and open files for reading, which Landlock limits to the
    language data."""
    calls = (*_MEMORY, *_DESCRIPTORS, *_TIME_AND_SIGNALS, *_bound_calls(connection, process_id))
    return (*calls, *_RECOGNITION) if recognition else calls


def _is(index: int, value: int) -> ArgumentCheck:
    return ArgumentCheck(index, ALL_BITS, value)


def _lacks(index: int, bits: int) -> ArgumentCheck:
    return ArgumentCheck(index, bits, 0)


_MEMORY = (
    AllowedCall("mmap", 9, 222, (_lacks(2, _PROT_EXEC), ArgumentCheck(3, _MAP_ANONYMOUS, _MAP_ANONYMOUS))),
    AllowedCall("munmap", 11, 215),
    AllowedCall("mprotect", 10, 226, (_lacks(2, _PROT_EXEC),)),
    AllowedCall("brk", 12, 214),
    AllowedCall("mremap", 25, 216),
    AllowedCall("madvise", 28, 233),
    AllowedCall("futex", 202, 98),
)
_DESCRIPTORS = (
    AllowedCall("pread64", 17, 67),
    AllowedCall("read", 0, 63),
    AllowedCall("write", 1, 64),
    AllowedCall("lseek", 8, 62),
    AllowedCall("close", 3, 57),
)
_TIME_AND_SIGNALS = (
    AllowedCall("clock_gettime", 228, 113),
    AllowedCall("gettimeofday", 96, 169),
    AllowedCall("time", 201, None),
    AllowedCall("nanosleep", 35, 101),
    AllowedCall("clock_nanosleep", 230, 115),
    AllowedCall("sched_yield", 24, 124),
    AllowedCall("getrandom", 318, 278),
    AllowedCall("getpid", 39, 172),
    AllowedCall("gettid", 186, 178),
    AllowedCall("sysinfo", 99, 179),
    AllowedCall("rt_sigaction", 13, 134),
    AllowedCall("rt_sigprocmask", 14, 135),
    AllowedCall("rt_sigreturn", 15, 139),
    AllowedCall("sigaltstack", 131, 132),
    AllowedCall("restart_syscall", 219, 128),
    AllowedCall("exit", 60, 93),
    AllowedCall("exit_group", 231, 94),
)
_RECOGNITION = (
    AllowedCall("clone", 56, 220, (_is(0, _THREAD_FLAGS),)),
    AllowedCall("rseq", 334, 293),
    AllowedCall("set_robust_list", 273, 99),
    AllowedCall("sched_getaffinity", 204, 123),
    AllowedCall("epoll_wait", 232, None),
    AllowedCall("epoll_pwait", 281, 22),
    AllowedCall("prctl", 157, 167, (_is(0, _PR_SET_NAME),)),
    AllowedCall("prctl", 157, 167, (_is(0, _PR_SET_VMA),)),
    AllowedCall("openat", 257, 56, (_is(0, _AT_FDCWD), _lacks(2, ALL_BITS & ~(_O_CLOEXEC | _O_LARGEFILE_OR_NOFOLLOW)))),
    AllowedCall("fstat", 5, 80),
    AllowedCall("newfstatat", 262, 79),
    AllowedCall("statx", 332, 291),
)


def _bound_calls(connection: int, process_id: int) -> tuple[AllowedCall, ...]:
    """The calls that are allowed on this pipe, or on this process, alone: documents are received, `abort` raises its
    signal, and the limit of processor time is set anew for each document."""
    return (
        AllowedCall("recvmsg", 47, 212, (_is(0, connection),)),
        AllowedCall("tgkill", 234, 131, (_is(0, process_id),)),
        AllowedCall("getrusage", 98, 165, (_is(0, _RUSAGE_SELF),)),
        AllowedCall("prlimit64", 302, 261, (_is(0, 0), _is(1, _RLIMIT_CPU))),
    )
