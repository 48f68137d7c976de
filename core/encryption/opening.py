"""What opening a data directory does about encryption: finishes what was begun, gets the key, begins the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.data_dir import SEALED_LOG_NAME, DataDir
from core.domain.faults import N_, WorkspaceFault
from core.encryption.key_file import KeyFile
from core.encryption.keychain import Keychain
from core.encryption.sealing import SealedLines
from core.encryption.switching import copies, is_encrypted, settle, turn_off, turn_on
from core.encryption.unlocking import NewKey, unlock
from core.jobs import Job
from core.store.driver import is_plain, key_fits


def open_library_key(data_dir: DataDir, passphrase: str | None, keychain: Keychain, job: Job) -> bytes | None:
    """The key of the library in `data_dir`, which is not open yet; None if it is not encrypted. Begins the log.

    Turns encryption on or off first if that was put off to this start. Raises `LockedFault` if a passphrase is needed,
    other `WorkspaceFault`s, `StorageFault` and, from turning it on or off, `Cancelled`.
    """
    settle(data_dir, keychain)
    if not is_encrypted(data_dir) and data_dir.next_key_file.exists():
        next_file = KeyFile.read(data_dir.next_key_file)
        turn_on(data_dir, NewKey(next_file, unlock(next_file, passphrase, keychain)), job)
    if not is_encrypted(data_dir):
        data_dir.start_log()
        return None
    key = stored_key(data_dir, passphrase, keychain)
    if KeyFile.read(data_dir.key_file).turn_off:
        turn_off(data_dir, key, keychain, job)
        data_dir.start_log()
        return None
    data_dir.start_log(SealedLines(key).seal)
    return key


def stored_key(data_dir: DataDir, passphrase: str | None, keychain: Keychain) -> bytes:
    """The key of an encrypted library. Raises as `unlock` does, and `WorkspaceFault` if it does not open the file."""
    key = unlock(KeyFile.read(data_dir.key_file), passphrase, keychain)
    opens_a_copy = any(not is_plain(copy) and key_fits(copy, key) for copy in copies(data_dir))
    if not key_fits(data_dir.database_file, key) and not opens_a_copy:
        raise WorkspaceFault(
            N_("The key does not open the library"),
            N_("{key_file} is not the key file of {path}, or that file is damaged."),
            N_("Put back both files from the same backup."),
            key_file=data_dir.key_file,
            path=data_dir.database_file,
        )
    return key


def plan_to_turn_on(data_dir: DataDir, new: NewKey) -> None:
    """Have the library encrypted at the next start. Raises OSError."""
    new.key_file.write(data_dir.next_key_file)


def plan_to_turn_off(data_dir: DataDir) -> None:
    """Have the library decrypted at the next start. Raises OSError and `WorkspaceFault`."""
    replace(KeyFile.read(data_dir.key_file), turn_off=True).write(data_dir.key_file)


def drop_plans(data_dir: DataDir, keychain: Keychain) -> None:
    """Take back what `plan_to_turn_on` or `plan_to_turn_off` planned. Raises OSError and `WorkspaceFault`."""
    if data_dir.next_key_file.exists():
        planned = KeyFile.read(data_dir.next_key_file)
        data_dir.next_key_file.unlink()
        if planned.by_keychain is not None:
            keychain.remove(planned.library_id)
    if is_encrypted(data_dir):
        replace(KeyFile.read(data_dir.key_file), turn_off=False).write(data_dir.key_file)


def read_log(folder: Path, key: bytes) -> list[str]:
    """The records of the sealed log in `folder`, oldest first; a line that does not open is left out."""
    lines, found = SealedLines(key), []
    files = sorted(folder.glob(f"{SEALED_LOG_NAME}*"), key=lambda file: file.name, reverse=True)
    for file in files:
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            try:
                found.append(lines.open(line))
            except ValueError:  # cut off when the program was ended, or of another key
                continue
    return found
