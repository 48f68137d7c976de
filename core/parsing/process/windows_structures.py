"""Structures and constants of the Windows interface that confines a process (winnt.h), as ctypes."""

from __future__ import annotations

import ctypes

LOW_INTEGRITY = "S-1-16-4096"
"""The security identifier of the low integrity level: it may write nowhere but in folders that are marked for it."""
TOKEN_INTEGRITY_LEVEL = 25  # of TOKEN_INFORMATION_CLASS
TOKEN_ADJUST_DEFAULT, TOKEN_QUERY, TOKEN_ADJUST_PRIVILEGES = 0x0080, 0x0008, 0x0020
SE_GROUP_INTEGRITY = 0x0020
SE_PRIVILEGE_REMOVED = 0x0004
EXTENDED_LIMIT_INFORMATION, UI_RESTRICTIONS = 9, 4  # of JOBOBJECTINFOCLASS
LIMIT_ACTIVE_PROCESS = 0x0008
LIMIT_PROCESS_MEMORY = 0x0100
LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x0400
LIMIT_KILL_ON_JOB_CLOSE = 0x2000
ALL_UI_LIMITS = 0x00FF
"""Of handles, clipboard, system parameters, display settings, global atoms, desktops and leaving the session."""


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("per_process_user_time_limit", ctypes.c_int64),
        ("per_job_user_time_limit", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set_size", ctypes.c_size_t),
        ("maximum_working_set_size", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory_limit", ctypes.c_size_t),
        ("job_memory_limit", ctypes.c_size_t),
        ("peak_process_memory_used", ctypes.c_size_t),
        ("peak_job_memory_used", ctypes.c_size_t),
    )


class SidAndAttributes(ctypes.Structure):
    """SID_AND_ATTRIBUTES, which is all of TOKEN_MANDATORY_LABEL."""

    _fields_ = (("sid", ctypes.c_void_p), ("attributes", ctypes.c_uint32))


class PrivilegeAndAttributes(ctypes.Structure):
    """LUID_AND_ATTRIBUTES."""

    _fields_ = (("low", ctypes.c_uint32), ("high", ctypes.c_int32), ("attributes", ctypes.c_uint32))


MITIGATIONS: tuple[tuple[int, int], ...] = (
    (2, 0x1),  # ProcessDynamicCodePolicy: no new code
    (3, 0x1),  # ProcessStrictHandleCheckPolicy: a wrong handle ends the process
    (4, 0x1),  # ProcessSystemCallDisablePolicy: no calls of win32k
    (6, 0x1),  # ProcessExtensionPointDisablePolicy: no foreign libraries
    (9, 0x1),  # ProcessFontDisablePolicy: no fonts but the system's
    (10, 0x7),  # ProcessImageLoadPolicy: no libraries from other machines, of low integrity, or before the system's
    (13, 0x1),  # ProcessChildProcessPolicy: no processes
)
"""PROCESS_MITIGATION_POLICY, and the flags to set: each policy is one word of 32 bits."""
