"""Turns encryption on and off: a converted copy takes the library's place in one step, then what was left is removed.

What the library file is decides: if it is plain, encryption is off. A program that is ended half-way leaves the library
as it was or as it is to be, and `settle`, called at every opening, removes what the other state has left.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.data_dir import LOG_NAME, SEALED_LOG_NAME, DataDir
from core.domain.faults import N_, WorkspaceFault
from core.encryption.files import erase, erase_folder, sync_folder
from core.encryption.key_file import KeyFile
from core.encryption.keychain import Keychain, KeychainFault
from core.encryption.sealing import is_sealed
from core.encryption.unlocking import NewKey
from core.jobs import Job
from core.store.conversion import copy_converted, no_room
from core.store.database import BACKUPS_FOLDER
from core.store.driver import is_plain
from models.llama.saved_kv import FOLDER as SAVED_KV_FOLDER

log = logging.getLogger(__name__)

CONVERTING, REPLACED = ".converting", ".replaced"


def is_encrypted(data_dir: DataDir) -> bool:
    """Whether the library is encrypted; a new one is, once it has a key file."""
    return data_dir.key_file.exists() and not is_plain(data_dir.database_file)


def turn_on(data_dir: DataDir, new: NewKey, job: Job) -> None:
    """Encrypt the library, which must be closed, under `new.key`. Raises `StorageFault`, `WorkspaceFault` or
    `Cancelled`; it is then plain as before, except that a fault of the last step, the removal of plain files, leaves it
    encrypted and is made up for at the next opening."""
    path = data_dir.database_file
    with _told(data_dir):
        new.key_file.write(data_dir.key_file)
        if is_plain(path):
            try:
                copy_converted(path, None, _beside(path, CONVERTING), new.key, job)
                job.check()
            except BaseException:
                erase(_beside(path, CONVERTING))
                data_dir.key_file.unlink(missing_ok=True)
                raise
            _swap(path)
        data_dir.next_key_file.unlink(missing_ok=True)
        _remove_plain(data_dir)
    log.info("encryption was turned on")


def turn_off(data_dir: DataDir, key: bytes, keychain: Keychain, job: Job) -> None:
    """Decrypt the library, which must be closed. Raises as `turn_on` does; the library is then encrypted as before."""
    path = data_dir.database_file
    with _told(data_dir):
        if path.exists() and path.stat().st_size and not is_plain(path):
            try:
                copy_converted(path, key, _beside(path, CONVERTING), None, job)
                job.check()
            except BaseException:
                erase(_beside(path, CONVERTING))
                raise
            _swap(path)
        elif path.exists():
            path.unlink()  # an empty file would count as encrypted
        _remove_sealed(data_dir, keychain)
    log.info("encryption was turned off")


def settle(data_dir: DataDir, keychain: Keychain) -> None:
    """Remove what an interrupted `turn_on` or `turn_off` has left. The library must be closed."""
    path = data_dir.database_file
    with _told(data_dir):
        erase(_beside(path, CONVERTING))
        _drop_replaced(path)
        for partial in path.parent.glob("library.key*.part"):
            partial.unlink(missing_ok=True)
        if is_encrypted(data_dir):
            data_dir.next_key_file.unlink(missing_ok=True)
            _remove_plain(data_dir)
        elif data_dir.key_file.exists():
            _remove_sealed(data_dir, keychain)


def _swap(path: Path) -> None:
    """Put the converted copy in the place of `path`, in one step, and overwrite the old file."""
    replaced = _beside(path, REPLACED)
    replaced.unlink(missing_ok=True)
    with suppress(OSError):  # a file system without hard links: the old file is then deleted, not overwritten
        os.link(path, replaced)
    os.replace(_beside(path, CONVERTING), path)
    sync_folder(path.parent)
    _drop_replaced(path)


def _drop_replaced(path: Path) -> None:
    replaced = _beside(path, REPLACED)
    if not replaced.exists():
        return
    if path.exists() and replaced.samefile(path):  # ended between the two steps of `_swap`: it is still in use
        replaced.unlink()
    else:
        erase(replaced)


def _remove_plain(data_dir: DataDir) -> None:
    """Erase what an encrypted library does not have: plain backups, logs and KV caches, and a vector store on disk."""
    for copy in copies(data_dir):
        if is_plain(copy):
            erase(copy)
            for journal in ("-wal", "-shm"):
                erase(_beside(copy, journal))
    for plain_log in (data_dir.path / "logs").glob(f"{LOG_NAME}*"):
        if not plain_log.name.startswith(SEALED_LOG_NAME):
            erase(plain_log)
    erase_folder(data_dir.path / "vectors")
    saved_kv = data_dir.path / "cache" / SAVED_KV_FOLDER
    if saved_kv.is_dir():
        for file in saved_kv.iterdir():
            if file.is_file() and not is_sealed(file):
                erase(file)


def copies(data_dir: DataDir) -> list[Path]:
    """All copies of the library's file or of parts of it: backups, and a damaged one that was replaced."""
    name = data_dir.database_file.name
    patterns = (f"{name}.before-*", f"{name}.damaged", f"{name}.salvage*", f"{BACKUPS_FOLDER}/*")
    found = (path for pattern in patterns for path in data_dir.path.glob(pattern))
    return [path for path in found if path.is_file() and not path.name.endswith(("-wal", "-shm"))]


def _remove_sealed(data_dir: DataDir, keychain: Keychain) -> None:
    """Delete what only the key opens, then the key."""
    for copy in copies(data_dir):
        if not is_plain(copy):
            for journal in ("", "-wal", "-shm"):
                _beside(copy, journal).unlink(missing_ok=True)
    for sealed_log in (data_dir.path / "logs").glob(f"{SEALED_LOG_NAME}*"):
        sealed_log.unlink()
    saved_kv = data_dir.path / "cache" / SAVED_KV_FOLDER
    if saved_kv.is_dir():
        for file in saved_kv.iterdir():
            if file.is_file() and is_sealed(file):
                file.unlink()
    try:
        key_file = KeyFile.read(data_dir.key_file)
        if key_file.by_keychain is not None:
            keychain.remove(key_file.library_id)
    except (KeychainFault, WorkspaceFault) as fault:  # a key that opens nothing may stay
        log.warning("the keychain keeps a key that is used no more: %s", fault.title)
    data_dir.key_file.unlink()
    sync_folder(data_dir.path)


@contextmanager
def _told(data_dir: DataDir) -> Iterator[None]:
    """Convert the operating system's errors to a `WorkspaceFault`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_room(data_dir.database_file) from error
        raise WorkspaceFault(
            N_("The data folder cannot be used"),
            N_("Papermoor cannot write to its data folder {path} ({why})."),
            N_("Give yourself write permission for it, or choose another folder with --data-dir."),
            path=data_dir.path,
            why=error.strerror or type(error).__name__,
        ) from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
