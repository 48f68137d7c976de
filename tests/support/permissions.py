"""Tests that run as root meet closed folders and files as any person would."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION_3 = 0x20080522
_READS_EVERYTHING = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


@contextmanager
def as_a_person() -> Iterator[None]:
    """This thread obeys the permissions of files. Skips the test where that cannot be had."""
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    if os.getuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may read everything")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Set * 2)()
    if libc.capget(ctypes.byref(header), sets) != 0:
        pytest.skip("capget is not allowed")
    before = sets[0].effective
    sets[0].effective = before & ~_READS_EVERYTHING
    if libc.capset(ctypes.byref(header), sets) != 0:
        pytest.skip("capset is not allowed")
    try:
        yield
    finally:
        sets[0].effective = before
        libc.capset(ctypes.byref(header), sets)
