"""Confines a parser process on Windows: a job, a token without rights, low integrity, mitigation policies.

Written from Microsoft's documentation; not yet tried. What a system refuses to set is left out, and returned.
"""

from __future__ import annotations

import ctypes
import sys

from core.parsing.process.windows_structures import (
    ALL_UI_LIMITS,
    EXTENDED_LIMIT_INFORMATION,
    LIMIT_ACTIVE_PROCESS,
    LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    LIMIT_KILL_ON_JOB_CLOSE,
    LIMIT_PROCESS_MEMORY,
    LOW_INTEGRITY,
    MITIGATIONS,
    SE_GROUP_INTEGRITY,
    SE_PRIVILEGE_REMOVED,
    TOKEN_ADJUST_DEFAULT,
    TOKEN_ADJUST_PRIVILEGES,
    TOKEN_INTEGRITY_LEVEL,
    TOKEN_QUERY,
    UI_RESTRICTIONS,
    ExtendedLimits,
    PrivilegeAndAttributes,
    SidAndAttributes,
)

_TOKEN_PRIVILEGES = 3  # of TOKEN_INFORMATION_CLASS
_COUNT_BYTES = 4  # before the entries of TOKEN_PRIVILEGES


def join_job(memory_bytes: int) -> bool:
    """Put this process into a job of its own: it may commit `memory_bytes` of memory and start no other process, and it
    ends with the job's only handle, which it holds itself. Return whether the system did."""
    if sys.platform != "win32":
        return False
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.SetInformationJobObject.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
    kernel.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    limits, of_windows = job_limits(memory_bytes), ctypes.c_uint32(ALL_UI_LIMITS)
    job = kernel.CreateJobObjectW(None, None)
    done = kernel.SetInformationJobObject(
        job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
    ) and kernel.SetInformationJobObject(job, UI_RESTRICTIONS, ctypes.byref(of_windows), ctypes.sizeof(of_windows))
    return bool(kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess()) and done)


def job_limits(memory_bytes: int) -> ExtendedLimits:
    limits = ExtendedLimits()
    limits.basic.limit_flags = (
        LIMIT_PROCESS_MEMORY | LIMIT_ACTIVE_PROCESS | LIMIT_DIE_ON_UNHANDLED_EXCEPTION | LIMIT_KILL_ON_JOB_CLOSE
    )
    limits.basic.active_process_limit = 1
    limits.process_memory_limit = memory_bytes
    return limits


def give_up_rights() -> bool:
    """Remove this process's privileges, set its mitigation policies and lower its integrity level, for good. Call when
    everything is loaded. Return whether the system did all of it."""
    if sys.platform != "win32":
        return False
    kernel, security = ctypes.WinDLL("kernel32", use_last_error=True), ctypes.WinDLL("advapi32", use_last_error=True)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    security.OpenProcessToken.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)
    token = ctypes.c_void_p()
    rights = TOKEN_QUERY | TOKEN_ADJUST_DEFAULT | TOKEN_ADJUST_PRIVILEGES
    if not security.OpenProcessToken(kernel.GetCurrentProcess(), rights, ctypes.byref(token)):
        return False
    try:
        done = [_set_policy(kernel, policy, flags) for policy, flags in MITIGATIONS]
        done += [_remove_privileges(security, token), _lower_integrity(kernel, security, token)]
        return all(done)
    finally:
        kernel.CloseHandle(token)


def _set_policy(kernel: ctypes.CDLL, policy: int, flags: int) -> bool:
    word = ctypes.c_uint32(flags)
    return bool(kernel.SetProcessMitigationPolicy(policy, ctypes.byref(word), ctypes.sizeof(word)))


def removal_of(privileges: bytes) -> bytes:
    """Return TOKEN_PRIVILEGES that removes all those of `privileges`, which is of the same form."""
    count = int.from_bytes(privileges[:_COUNT_BYTES], "little")
    size = ctypes.sizeof(PrivilegeAndAttributes)
    removed = bytearray(privileges[: _COUNT_BYTES + count * size])
    for index in range(count):
        entry = PrivilegeAndAttributes.from_buffer(removed, _COUNT_BYTES + index * size)
        entry.attributes = SE_PRIVILEGE_REMOVED
        del entry
    return bytes(removed)


def _remove_privileges(security: ctypes.CDLL, token: ctypes.c_void_p) -> bool:
    security.GetTokenInformation.argtypes = (
        ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p,
    )  # fmt: skip
    security.AdjustTokenPrivileges.argtypes = (
        ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p,
    )  # fmt: skip
    size = ctypes.c_uint32()
    security.GetTokenInformation(token, _TOKEN_PRIVILEGES, None, 0, ctypes.byref(size))
    held = ctypes.create_string_buffer(size.value)
    if not security.GetTokenInformation(token, _TOKEN_PRIVILEGES, held, size.value, ctypes.byref(size)):
        return False
    removal = removal_of(held.raw)
    return bool(security.AdjustTokenPrivileges(token, 0, removal, 0, None, None))


def _lower_integrity(kernel: ctypes.CDLL, security: ctypes.CDLL, token: ctypes.c_void_p) -> bool:
    security.ConvertStringSidToSidW.argtypes = (ctypes.c_wchar_p, ctypes.c_void_p)
    security.GetLengthSid.argtypes = (ctypes.c_void_p,)
    security.SetTokenInformation.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
    kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    sid = ctypes.c_void_p()
    if not security.ConvertStringSidToSidW(LOW_INTEGRITY, ctypes.byref(sid)):
        return False
    try:
        label = SidAndAttributes(sid, SE_GROUP_INTEGRITY)
        size = ctypes.sizeof(label) + security.GetLengthSid(sid)
        return bool(security.SetTokenInformation(token, TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), size))
    finally:
        kernel.LocalFree(sid)
